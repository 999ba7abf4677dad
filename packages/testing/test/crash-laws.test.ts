import { mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineState, fileFact, type HostAction, type JsonObject } from '@claw-run/core';
import { connectLocal } from '@claw-run/transports';
import { afterAll, expect, it } from 'vitest';
import * as z from 'zod';
import { useBench } from '../src/bench.ts';
import { killAndRollBack } from '../src/crash-laws.ts';
import { crashClasses, crashPoints } from '../src/index.ts';
import { newIdentity } from '../src/trial.ts';

const folder = mkdtempSync(join(tmpdir(), 'claw-run-crash-laws-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const [one, two] = [join(folder, 'one'), join(folder, 'two')];
const play = useBench(async () =>
  connectLocal({ env: { PATH: process.env.PATH }, lockFolder: join(folder, 'locks') }),
);

type Texts = { readonly one: string | null; readonly two: string | null };
const file = (path: string) => fileFact({ path, parse: (found) => found?.content ?? null });

/** Fails where there is a file: what was done cannot be done again by mistake. */
const writeNew = (path: string, text: string): HostAction => ({
  do: 'run',
  argv: ['sh', '-c', 'set -C; printf %s "$1" >"$2"', 'sh', text, path],
});

/** A step with two actions; half way, one file is written and the other is not. */
const twoFiles = (halfWay: 'goes on' | 'stands still' | 'only forward') =>
  defineState({
    id: 'test.two-files',
    on: 'host',
    summary: 'Two files hold a text',
    risk: 'routine',
    settlesWithinSeconds: 0,
    input: z.strictObject({ text: z.string() }),
    examples: [],
    facts: () => ({ one: file(one), two: file(two) }),
    desire: ({ text }) => ({ one: text, two: text }),
    actions: (from: Texts, to: Texts) => {
      const isHalfWay = from.one !== from.two;
      if (isHalfWay && halfWay === 'stands still') return [];
      if (isHalfWay && halfWay === 'only forward' && to.one === null) return [];
      const changes: readonly (readonly [path: string, from: string | null, to: string | null])[] = [
        [one, from.one, to.one],
        [two, from.two, to.two],
      ];
      return changes.flatMap(([path, is, wanted]): readonly HostAction[] => {
        if (is === wanted) return [];
        return [wanted === null ? { do: 'run', argv: ['rm', path] } : writeNew(path, wanted)];
      });
    },
  });

const tryOn = (definition: ReturnType<typeof twoFiles>, input: JsonObject = { text: 'x' }) =>
  play(
    {
      title: 'no files',
      definition,
      with: input,
      before: async () => {
        await Promise.all([one, two].map((path) => rm(path, { force: true })));
        return undefined;
      },
    },
    (scene) => killAndRollBack(scene, definition, 'two files'),
  );

it('a step that goes on from half way passes', async () => {
  await expect(tryOn(twoFiles('goes on'))).resolves.toBeUndefined();
});

it('a step that stands still half way is caught, with where it was killed', async () => {
  await expect(tryOn(twoFiles('stands still'))).rejects.toThrow(
    /^(killed (before|after) record \d+ and resumed, it reaches its goal|its rollback killed (before|after) record \d+, .*): .*did not come about within/,
  );
});

it('a step that cannot be rolled back from half way is caught', async () => {
  await expect(tryOn(twoFiles('only forward'))).rejects.toThrow(
    /(rolled back, it is at its start|its rollback killed .*): /,
  );
});

it('points are one class where the journal says the same and the same was performed', async () => {
  const definition = twoFiles('goes on');
  await play({ title: 'no files', definition, with: { text: 'x' } }, async ({ trial }) => {
    const identity = newIdentity();
    await trial.apply(identity);
    const records = await trial.records(identity.run);
    const classes = crashClasses(records);
    expect(
      classes.map(({ history, performed, points }) => [
        history.opened === undefined
          ? 'no plan'
          : history.begun.map(({ verified, touched }) =>
              verified ? 'verified' : touched ? 'acting' : 'begun',
            ),
        performed,
        points.length,
      ]),
    ).toEqual([
      ['no plan', 0, 1],
      [[], 0, 2],
      [['begun'], 0, 1],
      [['acting'], 0, 1],
      [['acting'], 1, 3],
      [['acting'], 2, 2],
      [['verified'], 2, 1],
    ]);
    expect(classes.flatMap(({ points }) => points)).toEqual(crashPoints(records));
    await trial.undo(identity.run);
  });
});
