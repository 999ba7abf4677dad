import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fixtures, launcher, makePlace, startProcess } from './support/claw-run.ts';

// A Node.js that is too old starts the workspace's own as a child: two processes that have to act as one.

const old = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'node'))
  .filter((path) => existsSync(path))
  .find((path) => Number(/^v(\d+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }))?.[1]) < 22);
if (old === undefined) console.warn('SKIPPED: tests of the launcher need a Node.js before 22 on PATH');

const hung = join(fixtures, 'hung.yaml');

/** A run whose second step is under way, started by an old Node.js that leads a process group of its own. */
async function begin() {
  const { folder, env, run } = await makePlace();
  await writeFile(join(folder, 'gate'), '');
  const started = startProcess(['setsid', old ?? '', launcher, hung, '-e', `folder=${folder}`, '--yes'], {
    cwd: folder,
    env,
  });
  await expect.poll(() => existsSync(join(folder, 'busy'))).toBe(true);
  return { ...started, run, open: () => rm(join(folder, 'gate')) };
}

describe.skipIf(old === undefined)('a launcher', () => {
  test('answers as what it starts does', async () => {
    const { folder, env } = await makePlace();
    const called = await startProcess([old ?? '', launcher, 'runs', 'prune'], { cwd: folder, env }).ended;
    expect(called).toMatchObject({ exit: 2, stderr: expect.stringContaining('--older-than') });
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 143],
  ] as const)('passes %s on, and waits for the end', async (signal, exit) => {
    const { kill, until, ended, open } = await begin();
    kill(signal);
    await until(`${signal}: stopping after the action in hand`);
    await open();
    expect(await ended).toMatchObject({ exit, stdout: expect.stringContaining('resume: claw-run resume') });
  });

  test('passes a second signal on, which ends it at once', async () => {
    const { kill, until, ended } = await begin();
    kill('SIGTERM');
    await until('SIGTERM: stopping after the action in hand');
    kill('SIGTERM');
    expect(await ended).toMatchObject({ exit: 143, stderr: expect.stringContaining('ended at once;') });
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('%s to its whole group is one signal', async (signal) => {
    const { pid, until, ended, open } = await begin();
    process.kill(-pid, signal);
    await until(`${signal}: stopping after the action in hand`);
    await open();
    expect(await ended).toMatchObject({ stderr: expect.not.stringContaining('ended at once;') });
  });

  test('that is killed leaves nothing running: what it started stops as for SIGTERM', async () => {
    const { kill, until, ended, open, run } = await begin();
    kill('SIGKILL');
    await until('SIGTERM: stopping after the action in hand');
    await open();
    // its outputs are closed by the last process that has them
    expect(await ended).toMatchObject({ signal: 'SIGKILL' });
    expect((await run(['runs'])).stdout).toContain('  terminated  ');
  });

  test('that was gone before what it started looked leaves nothing running either', async () => {
    const { folder, env } = await makePlace();
    await writeFile(join(folder, 'gate'), '');
    const child = fork(launcher, [hung, '-e', `folder=${folder}`, '--yes'], {
      cwd: folder,
      env: { ...env, CLAW_RUN_STARTED: '1' },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
    expect(existsSync(join(folder, 'note'))).toBe(false);
  });
});
