import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makePlace } from './support/claw-run.ts';

// What a claw-run that was killed has begun on a host goes on there for a while.

const runbook = (folder: string) => `runbook: long
version: 1
title: A long command
description: For processes that are killed.
targets: { box: { kind: host, default: local } }
steps:
  - { id: one, uses: linux.file, with: { path: ${join(folder, 'one')}, content: "x\\n" } }
  - id: long
    uses: linux.command
    with:
      argv: [sh, -c, "touch ${join(folder, 'begun')}; until [ -e ${join(folder, 'go')} ]; do sleep 0.05; done; echo x >>${join(folder, 'count')}"]
      unless: [test, -e, ${join(folder, 'count')}]
      undo: [rm, -f, ${join(folder, 'count')}]
  - { id: two, uses: linux.file, with: { path: ${join(folder, 'two')}, content: "x\\n" } }
`;

const kills = [
  ['resume', ['x\n', 'x\n', 'x\n']],
  ['rollback', [null, null, null]],
] as const;

test.each(kills)(
  'a command that outlives its claw-run is waited for by %s, and happens once',
  async (command, wanted) => {
    const { folder, start, run } = await makePlace();
    const file = join(folder, 'long.yaml');
    await writeFile(file, runbook(folder));
    const texts = (...names: readonly string[]) =>
      Promise.all(names.map((name) => readFile(join(folder, name), 'utf8').catch(() => null)));
    const first = start([file, '--yes']);
    await expect.poll(() => texts('begun'), { timeout: 20_000 }).toEqual(['']);
    first.kill('SIGKILL');
    await first.ended;
    const next = start([command, '--yes']);
    await next.until('a command that an earlier process began');
    expect(await texts('count')).toEqual([null]);
    await writeFile(join(folder, 'go'), '');
    expect(await next.ended).toMatchObject({ exit: 0 });
    expect(await texts('one', 'count', 'two')).toEqual(wanted);
    expect((await run(['rollback', '--yes'])).exit).toBe(0);
    expect(await texts('one', 'count', 'two')).toEqual([null, null, null]);
  },
);
