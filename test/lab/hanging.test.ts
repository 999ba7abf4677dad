import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '@claw-run/core';
import { connectOpenSsh, connectSsh } from '@claw-run/transports';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Beside, besideOf } from './support/beside.ts';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';

// Whatever hangs on the way to a host or there: who is told to stop stops, and what is closed is closed.

const without = whyNoLab();
if (without !== undefined) console.warn(`what hangs is not tried on lab hosts: ${without}`);

/** A way to the host on which at some point nothing comes through any more, though it stays open. */
interface Line {
  readonly port: number;
  readonly die: () => void;
  readonly close: () => Promise<void>;
}

async function startLine(to: { host: string; port: number }, bytesBefore = Infinity): Promise<Line> {
  const sockets = new Set<Socket>();
  let dead = false;
  let passed = 0;
  const server: Server = createServer((near) => {
    const far = connectTcp(to);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => undefined).on('close', () => other.destroy());
      one.on('data', (chunk) => {
        passed += chunk.length;
        if (!dead && passed <= bytesBefore) other.write(chunk);
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    die: () => {
      dead = true;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

describe.skipIf(without !== undefined)('a host that hangs', () => {
  let lab: LabHost;
  let beside: Beside;
  let folder = '';
  let knownHosts: string[] = [];
  const lines: Line[] = [];
  const calm = () => ({ signal: AbortSignal.timeout(60_000) });
  const holder = { run: 'one', runbook: 'test', who: 'tester@host' };

  beforeAll(async () => {
    lab = await upHost('hang');
    beside = await besideOf(lab);
    folder = await mkdtemp(join(tmpdir(), 'claw-run-hang-'));
    // at whatever port
    knownHosts = [join(folder, 'known_hosts')];
    const keys = (await readFile(lab.known_hosts, 'utf8')).replace(/^\S+ /gm, `*,[${lab.address}]:* `);
    await writeFile(join(folder, 'known_hosts'), keys);
  });
  afterEach(async () => {
    await Promise.all(lines.splice(0).map((line) => line.close()));
  });
  afterAll(async () => {
    await beside?.close();
    await lab?.down();
    await rm(folder, { recursive: true, force: true });
  });

  const line = async (bytesBefore?: number) => {
    const made = await startLine({ host: lab.address, port: lab.port }, bytesBefore);
    lines.push(made);
    return made;
  };

  const ways = {
    'the SSH library': async (port: number, more: { user?: string; options?: readonly string[] } = {}) => {
      return connectSsh({
        destination: `ssh://${more.user ?? 'ops'}@${lab.address}:${port}`,
        name: 'lab',
        home: '/nonexistent',
        env: {},
        configFiles: [],
        knownHosts,
        identityFiles: [lab.key],
      });
    },
    'the OpenSSH client': async (port: number, more: { user?: string; options?: readonly string[] } = {}) =>
      connectOpenSsh({
        destination: `ssh://${more.user ?? 'ops'}@${lab.address}:${port}`,
        name: 'lab',
        env: process.env,
        configFiles: [],
        knownHosts,
        identityFiles: [lab.key],
        ...(more.options === undefined ? {} : { options: more.options }),
      }),
  } as const;

  /** Whatever is asked for, told to stop: within a second it has, and within two more the connection is closed. */
  async function stopped(host: Connection<'host'>, hung: () => Promise<unknown>): Promise<void> {
    const stop = new AbortController();
    const { signal } = stop;
    const asked = [
      host.read({ read: 'run', argv: ['sleep', '7777'] }, { signal }),
      host.perform({ do: 'run', argv: ['sleep', '7777'], sudo: true }, { key: 'run/step/0', signal }),
      host.lock(holder, { signal }),
    ];
    for (const each of asked) each.catch(() => undefined);
    await hung();
    const before = performance.now();
    stop.abort(new Error('enough'));
    for (const each of asked) await expect(each).rejects.toThrow('enough');
    const settled = performance.now();
    expect(settled - before).toBeLessThan(1000);
    await host.close();
    expect(performance.now() - settled).toBeLessThan(2000);
  }

  const runs = (text: string) =>
    expect.poll(() => beside.sh(`pgrep -fc '^${text}' || true`), { timeout: 20_000 });

  describe.each(Object.entries(ways))('over %s', (_, connect) => {
    it('on a line where no packet comes back is given up', async () => {
      const dying = await line();
      const host = await connect(dying.port, {});
      await stopped(host, async () => {
        await runs('sleep 7777').toMatch(/^1/);
        dying.die();
      });
      await beside.sh('pkill -f "^sleep 7777" || true');
    });

    it.each([
      ['before the greeting', 0],
      ['in the key exchange', 600],
    ])('%s is given up', async (_, bytes) => {
      const host = await connect((await line(bytes)).port, {});
      await stopped(host, () => Promise.resolve());
    });

    it('in a sudo that never asks or answers is given up, and what was to be done as root never is', async () => {
      await beside.sh(
        `useradd -m -s /bin/sh slow 2>/dev/null; cp -r /home/ops/.ssh /home/slow/; chown -R slow /home/slow
echo 'slow ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/slow; rm -f /tmp/go
printf '#!/bin/sh\\n[ "$PAM_RUSER" != slow ] || until [ -e /tmp/go ]; do sleep 0.1; done\\n' >/usr/local/bin/slow-pam
chmod 755 /usr/local/bin/slow-pam; sed -i '1i session required pam_exec.so /usr/local/bin/slow-pam' /etc/pam.d/sudo`,
      );
      const host = await connect(lab.port, { user: 'slow' });
      await beside.sh('touch /tmp/go');
      const lock = await host.lock(holder, calm());
      // the lock of root is taken before: what hangs is the action
      const first = { do: 'run', argv: ['true'], sudo: true } as const;
      await host.perform(first, { key: 'run/step/0', ...calm() });
      await beside.sh('rm /tmp/go');
      const stop = new AbortController();
      const acting = host.perform(
        { do: 'run', argv: ['touch', '/root/late'], sudo: true },
        { key: 'run/step/0', signal: stop.signal },
      );
      acting.catch(() => undefined);
      await runs('sudo -n sh').toMatch(/^[1-9]/);
      const before = performance.now();
      stop.abort(new Error('enough'));
      await expect(acting).rejects.toThrow('enough');
      expect(performance.now() - before).toBeLessThan(1000);
      await lock.release();
      const released = performance.now();
      await host.close();
      expect(performance.now() - released).toBeLessThan(2000);
      await beside.sh('touch /tmp/go');
      await runs('sudo -n sh').toMatch(/^0/);
      expect(await beside.sh('ls /root/late 2>/dev/null || echo none')).toBe('none\n');
      await beside.sh("sed -i '/slow-pam/d' /etc/pam.d/sudo; rm -f /tmp/go; pkill -u slow || true");
    });
  });

  it('in a ProxyCommand leaves no process of it', async () => {
    const host = await ways['the OpenSSH client'](lab.port, { options: ['ProxyCommand=sleep 7778.5'] });
    const { execa } = await import('execa');
    const proxies = async () => (await execa('pgrep', ['-fx', 'sleep 7778.5'], { reject: false })).stdout;
    await stopped(host, () => expect.poll(proxies).not.toBe('') as unknown as Promise<void>);
    await expect.poll(proxies).toBe('');
  });
});
