import { randomBytes } from 'node:crypto';
import type { Connection, RunResult } from '@claw-run/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeActions } from './actions.ts';
import { describeAsOther } from './as-other.ts';
import { calm } from './calm.ts';
import { describeCommands } from './commands.ts';
import { describeFiles } from './files.ts';
import { describeLock } from './lock.ts';
import { describePaths } from './paths.ts';
import { oddSeconds, requestsTo } from './requests-to.ts';

/** The host that a contract is tried on, seen from beside the connection. */
export interface HostWorld {
  /** Runs a shell line there as its administrator; its output. */
  readonly sh: (line: string) => Promise<string>;
  /** The user of the log-in. */
  readonly user: string;
  /** Whether `sudo` and `as` can be had; tests of these are left out where not. */
  readonly sudo: boolean;
  /** Some other user, for `as`. */
  readonly other?: string;
  /** Some other user without rights, who owns what root comes across; tests of that are left out where there is none. */
  readonly intruder?: string;
}

export type ConnectHost = (settings: {
  readonly lockFolder: string;
  readonly idleSeconds?: number;
}) => Promise<Connection<'host'>>;

/** What the tests of a host are given, each anew. */
export interface HostTried {
  readonly host: Connection<'host'>;
  readonly world: HostWorld;
  /** Of the log-in, and fresh. */
  readonly folder: string;
}

/** What every transport of hosts must do. `worldOf` is called once all hooks that come before have run. */
export function describeHostContract(
  name: string,
  connect: ConnectHost,
  worldOf: () => Promise<HostWorld>,
): void {
  describe(name, () => {
    let world: HostWorld;
    let host: Connection<'host'>;
    let folder = '';
    const locks = `/tmp/claw-contract-locks-${randomBytes(6).toString('hex')}`;
    const { key, read, run, file } = requestsTo(() => host);
    const given = () => ({ host, world, folder });

    beforeAll(async () => {
      world = await worldOf();
      host = await connect({ lockFolder: locks });
    });
    afterAll(async () => {
      await host?.close();
      await world?.sh(`rm -rf ${locks}`);
    });
    beforeEach(async () => {
      folder = `/tmp/claw-contract-${randomBytes(6).toString('hex')}`;
      await world.sh(`mkdir ${folder} && chown ${world.user} ${folder}`);
    });
    afterEach(() => world.sh(`rm -rf ${folder}`));

    describeCommands(given);

    it('answers many reads of one turn, each its own', async () => {
      const wanted = Array.from({ length: 200 }, (_, index) => String(index));
      const results = await Promise.all(wanted.map((text) => run('echo', text)));
      expect(results.map(({ stdout }) => stdout.trim())).toEqual(wanted);
    });

    describeFiles(given);
    describeActions(given);

    describe('as somebody else', () => {
      it('by sudo, reads and writes what only root may', async ({ skip }) => {
        skip(!world.sudo, 'no sudo here');
        await world.sh(
          `cd ${folder} && mkdir closed && echo top > closed/file && chown root closed && chmod 700 closed`,
        );
        const path = `${folder}/closed/file`;
        const [who, plain, missing] = await Promise.all([
          read({ read: 'run', argv: ['id', '-u'], sudo: true }),
          file(path, { sudo: true }),
          file(`${folder}/closed/none`, { sudo: true }),
        ]);
        expect(who).toMatchObject({ exit: 0, stdout: '0\n', stderr: '' });
        expect(plain).toMatchObject({ content: 'top\n', owner: 'root' });
        expect(missing).toBeNull();
        await host.perform({ do: 'write', path, content: "new 'x'\n", mode: 0o600, sudo: true }, key());
        expect(await file(path, { sudo: true })).toMatchObject({
          content: "new 'x'\n",
          mode: 0o600,
          owner: 'root',
        });
        await host.perform({ do: 'remove', path, sudo: true }, key());
        expect(await file(path, { sudo: true })).toBeNull();
        const wanted = [{ read: 'run', argv: ['id'], sudo: true }] as const;
        expect(await host.refused?.(wanted, calm())).toEqual([]);
      });

      it('by sudo, a command that hangs is ended too', async ({ skip }) => {
        skip(!world.sudo, 'no sudo here');
        const seconds = oddSeconds();
        const slow = { read: 'run', argv: ['sleep', seconds], sudo: true, timeoutSeconds: 0.5 } as const;
        const [hung, last] = await Promise.allSettled([
          read(slow),
          read({ read: 'run', argv: ['echo', '2'], sudo: true }),
        ]);
        expect(hung).toMatchObject({ reason: { code: 'timeout' } });
        expect(last).toMatchObject({ value: { stdout: '2\n' } });
        expect(await world.sh(`pgrep -fc '^sleep ${seconds}' || true`)).toMatch(/^0/);
      });

      it('in a fresh session: groups, home and environment as after logging in', async ({ skip }) => {
        const { other } = world;
        skip(!world.sudo || other === undefined, 'nobody else here');
        const as = (...argv: [string, ...string[]]) => read({ read: 'run', argv, as: other ?? '' });
        const [name, home, words, none] = await Promise.allSettled([
          as('id', '-un'),
          as('sh', '-c', 'echo $HOME; pwd'),
          as('printf', '%s|', 'a b', "it's", '$HOME', '\\', ''),
          read({ read: 'run', argv: ['id'], as: 'no-such-user' }),
        ]);
        expect(name).toMatchObject({ value: { exit: 0, stdout: `${other}\n` } });
        expect(home).toMatchObject({ value: { stdout: `/home/${other}\n/home/${other}\n` } });
        expect(words).toMatchObject({ value: { stdout: "a b|it's|$HOME|\\||" } });
        expect(none).toMatchObject({
          reason: { code: 'not-found', message: expect.stringContaining('no-such-user') },
        });
      });
    });

    describeAsOther(() => ({
      host,
      sh: world.sh,
      other: world.sudo ? world.other : undefined,
      folder,
    }));

    describePaths(
      () => world,
      () => host,
    );

    describe('a connection that is not used', () => {
      it('is closed after a time, and opened again at the next use; what takes longer is left to its end', async () => {
        const idle = await connect({ lockFolder: `${folder}/locks`, idleSeconds: 0.3 });
        const shell = async () => {
          const read = { read: 'run', argv: ['sh', '-c', 'echo $PPID'] } as const;
          return ((await idle.read(read, calm())) as RunResult).stdout.trim();
        };
        const first = await shell();
        await expect.poll(() => world.sh(`[ -e /proc/${first} ] || echo gone`)).toBe('gone\n');
        expect(await shell()).not.toBe(first);
        const slow = { do: 'run', argv: ['sh', '-c', `sleep 1; echo done > ${folder}/slow`] } as const;
        await idle.perform(slow, key());
        expect(await world.sh(`cat ${folder}/slow`)).toBe('done\n');
        const lock = await idle.lock({ run: 'one', runbook: 'test', who: 'tester@host' }, calm());
        const second = await shell();
        await expect.poll(() => world.sh(`[ -e /proc/${second} ] || echo gone`)).toBe('gone\n');
        await lock.release();
        expect(await world.sh(`ls -A ${folder}/locks`)).toBe('');
        await idle.close();
      });
    });

    describeLock(given, connect);
  });
}
