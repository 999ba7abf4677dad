import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { launcher, makePlace, type Place } from './support/claw-run.ts';

// What a run does and how it ends does not depend on who reads what it prints.

const runbook = (files: readonly string[]) => `runbook: outputs
version: 1
title: Files
description: For outputs that cannot be written.
targets: { box: { kind: host, default: local } }
steps:
${files.map((file, index) => `  - { id: s${index}, uses: linux.file, with: { path: ${file}, content: "x\\n" } }`).join('\n')}
`;

interface Given extends Place {
  readonly file: string;
  readonly made: readonly string[];
  /** Starts claw-run with its outputs where they are said to be. */
  readonly to: (
    args: readonly string[],
    stdio: readonly ('ignore' | 'pipe' | number)[],
    env?: NodeJS.ProcessEnv,
  ) => ChildProcess;
}

async function given(): Promise<Given> {
  const place = await makePlace();
  const made = ['one', 'two'].map((name) => join(place.folder, name));
  const file = join(place.folder, 'outputs.yaml');
  await writeFile(file, runbook(made));
  const to: Given['to'] = (args, stdio, env = {}) =>
    spawn(process.execPath, [launcher, ...args], {
      cwd: place.folder,
      env: { ...place.env, ...env },
      stdio: ['ignore', ...stdio],
    });
  return { ...place, file, made, to };
}

const texts = (files: readonly string[]) =>
  Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => null)));

async function exitOf(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

describe('a run whose output is on a full disk', () => {
  test.each(['stdout', 'stderr', 'both'])('%s: is done and ends with its status', async (which) => {
    const { file, made, to } = await given();
    const full = await open('/dev/full', 'w');
    try {
      const stdio = [
        which === 'stderr' ? 'ignore' : full.fd,
        which === 'stdout' ? 'ignore' : full.fd,
      ] as const;
      expect(await exitOf(to([file, '--yes'], stdio))).toBe(0);
      expect(await texts(made)).toEqual(['x\n', 'x\n']);
      expect(await exitOf(to([file, '--yes', '--output', 'json'], stdio))).toBe(0);
      expect(await exitOf(to(['rollback', '--yes'], stdio))).toBe(0);
      expect(await texts(made)).toEqual([null, null]);
      expect(await exitOf(to(['no-such.yaml', '--yes'], stdio))).toBe(2);
    } finally {
      await full.close();
    }
  });
});

test('a command that only answers has failed where its answer did not get out, and says so', async () => {
  const { to } = await given();
  const full = await open('/dev/full', 'w');
  try {
    for (const args of [['list'], ['--help'], ['schema']]) {
      const child = to(args, [full.fd, 'pipe']);
      const [text, code] = await Promise.all([textOf(child), exitOf(child)]);
      expect({ code, text }).toEqual({
        code: 1,
        text: 'claw-run: standard output cannot be written: ENOSPC\n',
      });
    }
  } finally {
    await full.close();
  }
});

test('a pipe that nobody reads stops no run, and a reader that comes late gets all of it', async () => {
  const { folder, made, to } = await given();
  const many = join(folder, 'many.yaml');
  const files = Array.from({ length: 120 }, (_, index) => join(folder, `file-${index}`));
  await writeFile(many, runbook(files));
  const child = to([many, '--yes', '--output', 'json'], ['pipe', 'ignore']);
  const ended = exitOf(child);
  const stdout = child.stdout;
  if (stdout === null) throw new Error('no pipe');
  stdout.pause();
  await expect.poll(() => texts(files), { timeout: 60_000 }).toEqual(files.map(() => 'x\n'));
  const [text, code] = await Promise.all([textOf(child, 'stdout'), ended]);
  expect(code).toBe(0);
  expect(JSON.parse(text.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
    type: 'run.ended',
    status: 'ok',
  });
  expect(await texts(made)).toEqual([null, null]);
});

test('a reader that goes away is no failure', async () => {
  const { file, made, to } = await given();
  const child = to([file, '--yes'], ['pipe', 'pipe']);
  child.stdout?.destroy();
  child.stderr?.destroy();
  expect(await exitOf(child)).toBe(0);
  expect(await texts(made)).toEqual(['x\n', 'x\n']);
});

async function textOf(child: ChildProcess, which: 'stdout' | 'stderr' = 'stderr'): Promise<string> {
  let text = '';
  const stream = child[which];
  if (stream === null) return text;
  for await (const chunk of stream) text += String(chunk);
  return text;
}

describe('signals', () => {
  const slow = (folder: string) => `runbook: slow
version: 1
title: Slow
description: For signals.
targets: { box: { kind: host, default: local } }
steps:
  - { id: one, uses: linux.file, with: { path: ${join(folder, 'one')}, content: "x\\n" } }
  - { id: wait, uses: linux.command, with: { argv: [sh, -c, "touch ${join(folder, 'begun')}; until [ -e ${join(folder, 'go')} ]; do sleep 0.05; done"] } }
  - { id: two, uses: linux.file, with: { path: ${join(folder, 'two')}, content: "x\\n" } }
`;

  async function slowly(launch: (args: readonly string[], place: Place) => ChildProcess) {
    const place = await makePlace();
    const file = join(place.folder, 'slow.yaml');
    await writeFile(file, slow(place.folder));
    const child = launch([file, '--yes'], place);
    const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    await expect.poll(() => texts([join(place.folder, 'begun')]), { timeout: 20_000 }).toEqual(['']);
    const go = () => writeFile(join(place.folder, 'go'), '');
    return { ...place, child, exit, go };
  }

  const launch = (args: readonly string[], { folder, env }: Place) =>
    spawn(process.execPath, [launcher, ...args], { cwd: folder, env, stdio: 'ignore' });

  test.each([
    ['SIGHUP', 143],
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('%s stops after the action in hand, and the run can be resumed', async (signal, code) => {
    const { child, exit, go, run, folder } = await slowly(launch);
    child.kill(signal);
    await go();
    expect(await exit).toEqual([code, null]);
    expect(await texts([join(folder, 'two')])).toEqual([null]);
    expect((await run(['resume', '--yes'])).exit).toBe(0);
    expect(await texts([join(folder, 'two')])).toEqual(['x\n']);
  });
});

describe('a run and a second process', () => {
  test('is told who has it, and changes nothing', async () => {
    const { folder, file, to, run } = await given();
    const gate = join(folder, 'go');
    await writeFile(
      file,
      runbook([join(folder, 'one')]) +
        `  - { id: wait, name: The gate, uses: linux.command, with: { argv: [sh, -c, "echo x >>${join(folder, 'count')}; until [ -e ${gate} ]; do sleep 0.05; done"] } }\n`,
    );
    const child = to([file, '--yes'], ['ignore', 'ignore']);
    const exit = exitOf(child);
    await expect.poll(() => texts([join(folder, 'count')]), { timeout: 20_000 }).toEqual(['x\n']);
    for (const command of ['resume', 'rollback']) {
      const { exit: code, stderr, stdout } = await run([command, '--yes']);
      expect(code).toBe(11);
      expect(`${stdout}${stderr}`).toContain(`belongs to process ${child.pid}`);
      expect(`${stdout}${stderr}`.replaceAll(/\s+/g, ' ')).toContain('it is at the step The gate');
    }
    await writeFile(gate, '');
    expect(await exit).toBe(0);
    expect(await texts([join(folder, 'one'), join(folder, 'count')])).toEqual(['x\n', 'x\n']);
  });
});
