import { chown, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClawError } from '@claw-run/core';
import { until } from '@claw-run/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectHost, type HostSettings } from '../src/host/connect-host.ts';
import { processChannel } from '../src/host/process-channel.ts';
import type { Channel, Shell } from '../src/host/shell.ts';

/** A host on this machine that keeps count of what goes over the wire, and whose connection can be cut. */
function countedHost(settings: HostSettings & { program?: string; holdsBack?: boolean } = {}) {
  const scripts: string[] = [];
  const channels: Channel[] = [];
  const cut = new Set<Channel>();
  const shell: Shell = {
    async open() {
      const channel: Channel = await processChannel(
        [settings.program ?? 'sh'],
        { PATH: process.env.PATH },
        ({ exit }) =>
          cut.has(channel)
            ? {
                end: 'dropped',
                error: new ClawError('unreachable', 'the cable was pulled', { retryable: true }),
              }
            : { end: 'exited', exit: exit ?? 137 },
      );
      channels.push(channel);
      const write = channel.stdin.write.bind(channel.stdin);
      channel.stdin.write = (chunk: unknown) => {
        scripts.push(String(chunk));
        return write(chunk);
      };
      if (settings.holdsBack === true) return { ...channel, holdsBack: true };
      return channel;
    },
    close: () => Promise.resolve(),
  };
  const drop = () => {
    for (const channel of channels) {
      cut.add(channel);
      channel.kill();
    }
  };
  return { host: connectHost({ ...settings, name: 'counted', shell }), scripts, channels, drop };
}

const calm = () => ({ signal: AbortSignal.timeout(30_000) });
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claw-run-host-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('what goes over the wire', () => {
  it('is one script for all reads of a turn, with the first word in it, and nothing before', async () => {
    const { host, scripts, channels } = countedHost();
    expect(channels).toHaveLength(0);
    const reads = Array.from({ length: 200 }, (_, index) =>
      host.read({ read: 'run', argv: ['echo', String(index)] }, calm()),
    );
    await Promise.all(reads);
    expect([scripts.length, channels.length]).toEqual([2, 1]);
    await Promise.all([
      host.read({ read: 'run', argv: ['true'] }, calm()),
      host.read({ read: 'file', path: '/etc/passwd' }, calm()),
    ]);
    expect([scripts.length, channels.length]).toEqual([3, 1]);
    await host.perform({ do: 'write', path: join(folder, 'x'), content: 'x' }, { key: 'a/b/0', ...calm() });
    expect([scripts.length, channels.length]).toEqual([4, 1]);
    await host.close();
  });

  it('is one more script where the way leads through a folder of somebody else’s', async ({ skip }) => {
    skip(process.getuid?.() !== 0, 'only root can give a folder away');
    await chown(folder, 1, 1);
    await writeFile(join(folder, 'file'), 'theirs');
    const { host, scripts } = countedHost();
    await host.read({ read: 'run', argv: ['true'] }, calm());
    const before = scripts.length;
    const path = join(folder, 'file');
    const [file] = await Promise.all([
      host.read({ read: 'file', path }, calm()),
      host.read({ read: 'file', path: '/etc/passwd' }, calm()),
    ]);
    expect(file).toMatchObject({ content: 'theirs' });
    expect(scripts.length - before).toBe(2);
    await host.close();
  });

  it('is an empty line too, where the other side holds back the rest of an answer until the first part is acknowledged', async () => {
    const { host, scripts } = countedHost({ holdsBack: true });
    await host.read({ read: 'run', argv: ['true'] }, calm());
    const acknowledged = join(folder, 'acknowledged');
    const slow = host.read(
      {
        read: 'run',
        argv: ['sh', '-c', `echo a; until [ -e ${acknowledged} ]; do sleep 0.01; done; echo b`],
      },
      calm(),
    );
    await until('the first part is acknowledged', async () => scripts.at(-1) === '\n');
    await writeFile(acknowledged, '');
    expect(await slow).toMatchObject({ exit: 0, stdout: 'a\nb\n' });
    expect(await host.read({ read: 'run', argv: ['echo', 'next'] }, calm())).toMatchObject({
      stdout: 'next\n',
    });
    await host.close();
  });

  it('starts one process for a command, one for a file, and one more for all files of the turn', async () => {
    const { host } = countedHost();
    const files = ['a', 'b', 'c', 'd', 'e'].map((name) => join(folder, name));
    for (const path of files) await writeFile(path, 'x');
    const forks = async () => {
      const { stdout } = (await host.read({ read: 'run', argv: ['sh', '-c', 'echo $$'] }, calm())) as {
        stdout: string;
      };
      return Number(stdout);
    };
    const quiet = async () => {
      const before = await forks();
      await Promise.all([
        ...files.map((path) => host.read({ read: 'file', path }, calm())),
        host.read({ read: 'file', path: join(folder, 'none') }, calm()),
        ...['1', '2', '3', '4', '5'].map((word) => host.read({ read: 'run', argv: ['true', word] }, calm())),
      ]);
      return (await forks()) - before;
    };
    const counts: number[] = [];
    // other programs of the machine take process numbers too: the least of some tries is what is ours
    for (let tried = 0; tried < 200 && Math.min(...counts) !== 12; tried += 1) {
      const count = await quiet();
      // the numbers of processes begin anew where they end
      if (count > 0) counts.push(count);
    }
    expect(Math.min(...counts)).toBe(12);
    await host.close();
  });
});

describe('a connection that drops', () => {
  it('fails the reads that were out, and is opened anew for the next', async () => {
    const { host, channels, drop } = countedHost();
    await host.read({ read: 'run', argv: ['true'] }, calm());
    const reading = host.read({ read: 'run', argv: ['sleep', '2'] }, calm());
    setImmediate(() => setImmediate(drop));
    await expect(reading).rejects.toMatchObject({
      code: 'unreachable',
      message: 'counted was lost: the cable was pulled',
      retryable: true,
    });
    expect(await host.read({ read: 'run', argv: ['echo', 'on'] }, calm())).toMatchObject({ stdout: 'on\n' });
    expect(channels).toHaveLength(2);
    await host.close();
  });

  it('leaves it open whether an action took place', async () => {
    const { host, drop } = countedHost();
    await host.read({ read: 'run', argv: ['true'] }, calm());
    const acting = host.perform({ do: 'run', argv: ['sleep', '2'] }, { key: 'a/b/0', ...calm() });
    setImmediate(() => setImmediate(drop));
    await expect(acting).rejects.toMatchObject({
      code: 'unreachable',
      message: 'counted was lost during `sleep 2`: the cable was pulled',
      hint: expect.stringContaining('not known whether'),
    });
    await host.close();
  });
});

describe('a shell that is none', () => {
  it('is told from a lost host', async () => {
    const { host } = countedHost({ program: 'false' });
    await expect(host.read({ read: 'run', argv: ['true'] }, calm())).rejects.toMatchObject({
      code: 'unreachable',
      message: 'counted has no usable shell: it ended at once',
    });
  });

  it('that says nothing does not hang the run', async () => {
    const script = join(folder, 'mute');
    await writeFile(script, '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
    const { host } = countedHost({ program: script, startSeconds: 0.3 });
    await expect(host.read({ read: 'run', argv: ['true'] }, calm())).rejects.toMatchObject({
      code: 'timeout',
      message: 'counted is connected, but its shell said nothing for 0.3 s',
    });
  });
});

describe('a lock', () => {
  const holder = { run: 'one', runbook: 'test', who: 'tester@host' };

  it('is renewed while it is held, even while a command runs', async () => {
    const { host } = countedHost({ lockFolder: folder, renewSeconds: 0.1 });
    const lock = await host.lock(holder, calm());
    const path = join(folder, 'claw-run.lock');
    await utimes(path, 0, 0);
    const slow = host.read({ read: 'run', argv: ['sleep', '3'] }, calm());
    await until('the lock file is touched', async () => (await stat(path)).mtimeMs > 1e12);
    await slow;
    expect(lock.lost.aborted).toBe(false);
    await lock.release();
    await host.close();
  });

  it('has what is done under it last no longer on the host than it may, though nobody is there to end it', async () => {
    const { host, drop } = countedHost({ lockFolder: folder });
    await host.lock(holder, calm());
    const mark = join(folder, 'begun');
    const argv = ['sh', '-c', `touch ${mark}; while :; do sleep 0.1; done`] as const;
    const lost = host.perform(
      { do: 'run', argv, timeoutSeconds: 1 },
      { key: 'a/b/0', signal: AbortSignal.timeout(30_000) },
    );
    lost.catch(() => undefined);
    await until('it has begun', async () => (await stat(mark).catch(() => undefined)) !== undefined);
    const running = async () => {
      const other = countedHost().host;
      const read = { read: 'run', argv: ['pgrep', '-f', `touch [${mark[0]}]${mark.slice(1)}`] } as const;
      const found = (await other.read(read, calm())) as { stdout: string };
      await other.close();
      return found.stdout !== '';
    };
    expect(await running()).toBe(true);
    drop();
    await expect(lost).rejects.toMatchObject({ code: 'unreachable' });
    await until('it has ended', async () => !(await running()));
    await host.close();
  });

  it('that somebody took away is known as lost', async () => {
    const { host } = countedHost({ lockFolder: folder, renewSeconds: 0.1 });
    const lock = await host.lock(holder, calm());
    const taken = await host.lock({ ...holder, run: 'two' }, { ...calm(), force: true });
    await until('the lock is lost', async () => lock.lost.aborted);
    expect(lock.lost.reason).toMatchObject({ code: 'lock-lost' });
    await lock.release();
    expect(await readFile(join(folder, 'claw-run.lock'), 'utf8')).toContain('"run":"two"');
    await taken.release();
    await host.close();
  });

  it('is not renewed by a connection that was closed: it falls', async () => {
    const { host, channels } = countedHost({ lockFolder: folder, renewSeconds: 0.05 });
    await host.lock(holder, calm());
    await host.close();
    const path = join(folder, 'claw-run.lock');
    await utimes(path, 0, 0);
    const opened = channels.length;
    const other = countedHost({ lockFolder: folder }).host;
    await other.read({ read: 'run', argv: ['sleep', '0.3'] }, calm());
    expect([(await stat(path)).mtimeMs, channels.length]).toEqual([0, opened]);
    await other.close();
  });

  it('that was not renewed for a minute is that of a dead run', async () => {
    const { host } = countedHost({ lockFolder: folder });
    const lock = await host.lock(holder, calm());
    const other = { ...holder, run: 'two' };
    await expect(host.lock(other, calm())).rejects.toMatchObject({
      code: 'locked',
      hint: expect.stringMatching(/the lock falls in \d+ s/),
    });
    const path = join(folder, 'claw-run.lock');
    // a clock that is set, by an hour or by a century, says nothing of it
    for (const wrong of [0, Date.now() / 1000 + 3600]) {
      await utimes(path, wrong, wrong);
      await expect(host.lock(other, calm())).rejects.toMatchObject({ code: 'locked' });
    }
    const [token, boot, up] = (await readFile(`${path}.at`, 'utf8')).trim().split(' ');
    await writeFile(`${path}.at`, `${token} ${boot} ${Number(up) - 61}\n`);
    await (await host.lock(other, calm())).release();
    await lock.release();
    await host.close();
  });

  it('is that of a dead run by the other clock too, where nothing else is kept', async () => {
    const { host } = countedHost({ lockFolder: folder });
    const lock = await host.lock(holder, calm());
    const path = join(folder, 'claw-run.lock');
    await rm(`${path}.at`);
    await expect(host.lock({ ...holder, run: 'two' }, calm())).rejects.toMatchObject({ code: 'locked' });
    await utimes(path, 0, 0);
    await (await host.lock({ ...holder, run: 'two' }, calm())).release();
    await lock.release();
    await host.close();
  });
});
