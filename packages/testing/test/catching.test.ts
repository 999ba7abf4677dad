import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AnyState, defineState } from '@claw-run/core';
import { connectLocal } from '@claw-run/transports';
import { afterAll, expect, it } from 'vitest';
import { useBench } from '../src/bench.ts';
import { keepsLaws } from '../src/one-run.ts';
import { notJson } from '../src/plain.ts';
import { replayDiff } from '../src/replay-diff.ts';
import { line } from './steps/line.ts';

const folder = mkdtempSync(join(tmpdir(), 'claw-run-catching-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'hosts');
const play = useBench(async () =>
  connectLocal({ env: { PATH: process.env.PATH }, lockFolder: join(folder, 'locks') }),
);

/** Tries the laws on a variant of a step that keeps them. */
function tryOn(variant: Partial<typeof line>): Promise<void> {
  const definition: AnyState = defineState({ ...line, settlesWithinSeconds: 0, ...variant });
  const subject = {
    title: 'a variant',
    definition,
    with: { path, line: 'b' },
    before: async () => {
      await writeFile(path, 'a\n');
      return undefined;
    },
  };
  return play(subject, async (scene) => void (await keepsLaws(scene, definition)));
}

it('a step that keeps the laws passes', async () => {
  await expect(tryOn({})).resolves.toBeUndefined();
});

it('a step that does not do what it predicts is caught', async () => {
  const actions: typeof line.actions = () => [{ do: 'write', path, content: 'something else\n' }];
  await expect(tryOn({ actions })).rejects.toThrow(/did not come about within 0 s/);
});

it('a step that changes more than it sees is caught when it is undone', async () => {
  const actions: typeof line.actions = (from, to, input) => [
    ...line
      .actions(from, to, input)
      .map((action) => (action.do === 'write' ? { ...action, mode: 0o777 } : action)),
  ];
  const facts: typeof line.facts = (input) => {
    const { file } = line.facts(input);
    const parse = (raw: never) => {
      const seen = file.parse(raw);
      return seen === null ? null : { ...seen, mode: 0o644 };
    };
    return { file: { ...file, parse } };
  };
  await expect(tryOn({ actions, facts })).rejects.toThrow();
});

it('a step that never has enough is caught', async () => {
  const desire: typeof line.desire = (_input, { file }) => ({
    file: { mode: file?.mode ?? 0o644, lines: [...(file?.lines ?? []).slice(0, -1), 'b', ''] },
  });
  await expect(tryOn({ desire })).rejects.toThrow(/settled/);
});

it('a step that leaves things as they are when it is undone is caught', async () => {
  const actions: typeof line.actions = (from, to, input) =>
    (from.file?.lines.length ?? 0) > (to.file?.lines.length ?? 0) ? [] : line.actions(from, to, input);
  await expect(tryOn({ actions })).rejects.toThrow(/differs from what it was/);
});

it('a refusal without a reason is caught', async () => {
  await expect(tryOn({ desire: () => ({ refused: ' ' }) })).rejects.toThrow();
});

it('what JSON would lose is named', () => {
  expect(notJson({ a: [1, { b: undefined }] })).toBeUndefined();
  expect(notJson({ a: [Number.NaN] })).toBe('the value.a.0 is NaN');
  expect(notJson({ at: new Date(0) })).toBe('the value.at is a Date');
  expect(notJson(new Map())).toBe('the value is a Map');
  expect(notJson([undefined])).toBe('the value.0 is undefined in a list');
  expect(notJson({ go: () => 1 }, 'the plan')).toBe('the plan.go is a function');
});

it('a diff is replayed: set, changed, taken away, inside of lists too', () => {
  const before = { a: { list: [1, { x: 1 }], gone: 1 } };
  const differences = [
    { path: ['a', 'list', 1, 'x'], before: 1, after: 2 },
    { path: ['a', 'gone'], before: 1 },
    { path: ['a', 'new'], after: { y: 3 } },
  ];
  expect(replayDiff(before, differences)).toEqual({ a: { list: [1, { x: 2 }], new: { y: 3 } } });
});
