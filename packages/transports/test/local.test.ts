import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { Secret } from '@claw-run/core';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectLocal } from '../src/index.ts';

let folder = '';
const file = (name: string) => join(folder, name);
const local = () => connectLocal({ env: { PATH: process.env.PATH, MARK: 'x' }, lockFolder: file('locks') });
const calm = () => ({ signal: new AbortController().signal });
const key = () => ({ key: 'run/step/0', ...calm() });

/** As SIGSTOP and SIGCONT do, or a machine that has no time: nothing of this process happens meanwhile. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claw-run-local-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a command', () => {
  const run = (...argv: [string, ...string[]]) => local().read({ read: 'run', argv }, calm());

  it('gives its exit status and output, whatever the status', async () => {
    expect(await run('sh', '-c', 'echo out; echo err >&2; exit 3')).toEqual({
      exit: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  it('that does not exist exits 127, and one that may not be run 126', async () => {
    expect(await run('no-such-program')).toEqual({
      exit: 127,
      stdout: '',
      stderr: 'no-such-program: not found',
    });
    await writeFile(file('plain'), 'x');
    expect(await run(file('plain'))).toMatchObject({ exit: 126 });
  });

  it('is given its words as they are, never through a shell', async () => {
    const words = ['a b', '$HOME', '`id`', ';exit 1', '*', '', "'", 'ü\n'];
    expect(await run('printf', '%s|', ...words)).toMatchObject({
      stdout: words.map((word) => `${word}|`).join(''),
    });
  });

  it('sees the environment of the connection alone, in the C locale', async () => {
    expect(await run('sh', '-c', 'echo "$MARK $LC_ALL $HOME"')).toMatchObject({ stdout: 'x C \n' });
  });

  it('gives output that is not text without failing', async () => {
    const { exit, stdout } = (await run('printf', '\\377\\376ok\\000!')) as { exit: number; stdout: string };
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: '\uFFFD\uFFFDok\0!' });
  });

  it('gives large outputs whole, up to a limit that is told', async () => {
    const { stdout } = (await run('head', '-c', '3000000', '/dev/zero')) as { stdout: string };
    expect(stdout).toHaveLength(3_000_000);
    await expect(run('head', '-c', '5000000', '/dev/zero')).rejects.toMatchObject({
      code: 'fact-unreadable',
      message: 'head -c 5000000 /dev/zero printed more than 4194304 bytes',
    });
  });

  it('that takes too long is ended, and so told', async () => {
    const read = { read: 'run', argv: ['sleep', '30'], timeoutSeconds: 0.2 } as const;
    await expect(local().read(read, calm())).rejects.toMatchObject({
      code: 'timeout',
      message: 'sleep 30 did not end within 0.2 s',
      retryable: true,
    });
  });

  it('has its time from when this process runs, not from when it was stopped in the middle', async () => {
    const connection = local();
    const argv = ['sh', '-c', 'sleep 0.2; echo done'] as const;
    await connection.read({ read: 'run', argv: ['true'] }, calm());
    const reading = connection.read({ read: 'run', argv, timeoutSeconds: 1 }, calm());
    await new Promise((turn) => setImmediate(turn));
    standStill(3000);
    expect(await reading).toMatchObject({ stdout: 'done\n' });
    await connection.close();
  });

  it('is ended when the run is told to stop, with the reason given', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const reading = local().read({ read: 'run', argv: ['sleep', '30'] }, { signal: stop.signal });
    stop.abort(reason);
    await expect(reading).rejects.toBe(reason);
  });

  it('that fails as an action is an error that says how', async () => {
    const action = { do: 'run', argv: ['sh', '-c', 'echo first >&2; echo "no room" >&2; exit 4'] } as const;
    await expect(local().perform(action, key())).rejects.toMatchObject({
      code: 'action-failed',
      message: 'sh -c echo first >&2; echo "no room" >&2; exit 4 exited 4: first; no room',
      output: 'first\nno room',
    });
  });

  it('is given a secret on its standard input, not among its words', async () => {
    const action = {
      do: 'run',
      argv: ['sh', '-c', `cat > ${file('got')}`],
      stdin: new Secret('hidden'),
    } as const;
    expect(await local().perform(action, key())).toEqual({ exit: 0 });
    expect(await readFile(file('got'), 'utf8')).toBe('hidden');
  });
});

describe('a file', () => {
  const read = (path: string) => local().read({ read: 'file', path }, calm());

  it('is read with its mode and owners, and null where there is none', async () => {
    await writeFile(file('a b'), 'text\n', { mode: 0o640 });
    const { username } = userInfo();
    expect(await read(file('a b'))).toMatchObject({ content: 'text\n', mode: 0o640, owner: username });
    expect(await read(file('none'))).toBeNull();
    expect(await read(join(file('a b'), 'below'))).toBeNull();
  });

  it('that is a folder is not read as one', async () => {
    await expect(read(folder)).rejects.toMatchObject({
      code: 'fact-unreadable',
      message: `${folder} is a directory, not a file`,
    });
  });

  it('that is written keeps its mode unless given another, and leaves nothing beside it', async () => {
    await writeFile(file('kept'), 'old');
    await chmod(file('kept'), 0o604);
    await local().perform({ do: 'write', path: file('kept'), content: 'new' }, key());
    expect(await read(file('kept'))).toMatchObject({ content: 'new', mode: 0o604 });
    await local().perform({ do: 'write', path: file('kept'), content: '', mode: 0o600 }, key());
    expect(await read(file('kept'))).toMatchObject({ content: '', mode: 0o600 });
    expect(await readdir(folder)).toEqual(['kept']);
  });

  it('is replaced as a whole: who has it open still reads the old one', async () => {
    await writeFile(file('whole'), 'old');
    const before = await stat(file('whole'));
    await local().perform({ do: 'write', path: file('whole'), content: 'new' }, key());
    expect((await stat(file('whole'))).ino).not.toBe(before.ino);
  });

  it('that cannot be written is an error that says why, and leaves nothing behind', async () => {
    const action = { do: 'write', path: join(folder, 'no', 'such', 'folder'), content: 'x' } as const;
    await expect(local().perform(action, key())).rejects.toMatchObject({
      code: 'action-failed',
      message: expect.stringMatching(/^cannot write .*folder: .*No such file/),
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('is removed, and what is gone already counts as removed', async () => {
    await writeFile(file('-f'), 'x');
    await local().perform({ do: 'remove', path: file('-f') }, key());
    await local().perform({ do: 'remove', path: file('-f') }, key());
    expect(await readdir(folder)).toEqual([]);
  });

  it('is written to where a link leads, and the link stays one', async () => {
    await writeFile(file('target'), 'old');
    await symlink(file('target'), file('link'));
    await local().perform({ do: 'write', path: file('link'), content: 'new' }, key());
    expect(await readFile(file('link'), 'utf8')).toBe('new');
    expect(await readFile(file('target'), 'utf8')).toBe('new');
  });
});

describe('the lock of a host', () => {
  const holder = (run: string) => ({ run, runbook: 'test', who: 'tester@host' });

  it('is held by one run at a time, and told to the other', async () => {
    const lock = await local().lock(holder('one'), calm());
    await expect(local().lock(holder('two'), calm())).rejects.toMatchObject({
      code: 'locked',
      message: expect.stringMatching(/^run one \(test, by tester@host, since .*\) holds the lock of local$/),
      hint: expect.stringContaining('--break-lock'),
    });
    await lock.release();
    await (await local().lock(holder('two'), calm())).release();
    expect(await readdir(file('locks'))).toEqual([]);
  });

  it('of a process that is gone is taken over', async () => {
    const lock = await local().lock(holder('one'), calm());
    const path = join(file('locks'), 'claw-run.lock');
    const held = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...held, pid: 2 ** 30 }));
    await (await local().lock(holder('two'), calm())).release();
    await lock.release();
  });

  it('is taken anew by the same run, and broken where that is asked for', async () => {
    await local().lock(holder('one'), calm());
    await local().lock(holder('one'), calm());
    const broken = await local().lock(holder('two'), { ...calm(), force: true });
    await broken.release();
  });
});

describe('a program of this machine', () => {
  it('is not given what claw-run itself was given beside its streams', async () => {
    const program = `
      import { connectLocal } from ${JSON.stringify(join(import.meta.dirname, '../src/index.ts'))};
      const host = connectLocal({ env: { PATH: process.env.PATH } });
      const read = { read: 'run', argv: ['sh', '-c', 'cat /proc/$PPID/fd/63 /proc/self/fd/63; readlink /proc/self/fd/63'] };
      const { stdout } = await host.read(read, { signal: AbortSignal.timeout(30000) });
      console.log(stdout);
      await host.close();`;
    const kept = file('kept');
    await writeFile(kept, 'of the CI system\n');
    const node = `${process.execPath} --conditions development --input-type module -e '${program.replaceAll("'", "'\\''")}'`;
    const { stdout } = await execa('bash', ['-c', `exec 63<${kept}; exec ${node}`]);
    expect(stdout.trim()).toBe('/dev/null');
  });
});
