import { randomBytes } from 'node:crypto';
import { type Connection, type RunResult, Secret } from '@claw-run/core';
import { describe, expect, it } from 'vitest';
import { calm } from './calm.ts';

/** What the tests of a host are given, each anew. */
export interface AsOther {
  readonly host: Connection<'host'>;
  /** Runs a shell line there as its administrator; its output. */
  readonly sh: (line: string) => Promise<string>;
  /** Some other user; where there is none, nothing of this can be tried. */
  readonly other: string | undefined;
  /** Of the log-in, and fresh. */
  readonly folder: string;
}

/** What must hold of commands that run as another user, who may be hostile: they answer for themselves and are heard nowhere else. */
export function describeAsOther(given: () => AsOther): void {
  describe('as another user, who may be hostile', () => {
    const user = (skip: (condition: boolean, note: string) => void) => {
      const { other = '' } = given();
      skip(other === '', 'nobody else here');
      return other;
    };
    const read = async (text: string, how: { as?: string; sudo?: boolean; timeoutSeconds?: number } = {}) =>
      (await given().host.read({ read: 'run', argv: ['sh', '-c', text], ...how }, calm())) as RunResult;
    const perform = (text: string, how: { as?: string; stdin?: Secret } = {}) =>
      given().host.perform({ do: 'run', argv: ['sh', '-c', text], ...how }, { key: 'run/step/0', ...calm() });

    it('a command gives its exit status and all bytes of its outputs', async ({ skip }) => {
      const as = user(skip);
      const [status, bytes, large, nothing, last] = await Promise.all([
        read('echo out; echo err >&2; exit 3', { as }),
        read("printf '\\377\\376ok\\000!\\n\\n'; printf '\\000x' >&2", { as }),
        read('head -c 3000000 /dev/zero', { as }),
        read('cat', { as }),
        read('echo own'),
      ]);
      expect(status).toEqual({ exit: 3, stdout: 'out\n', stderr: 'err\n' });
      expect(bytes).toEqual({ exit: 0, stdout: '\uFFFD\uFFFDok\0!\n\n', stderr: '\0x' });
      expect(large.stdout).toBe('\0'.repeat(3_000_000));
      expect(nothing).toEqual({ exit: 0, stdout: '', stderr: '' });
      expect(last.stdout).toBe('own\n');
    });

    it('one that prints too much, or takes too long, fails alone and is ended', async ({ skip }) => {
      const as = user(skip);
      const mark = `${Math.floor(Math.random() * 1e6) + 1000}.75`;
      const [over, line, hung, after] = await Promise.allSettled([
        read('yes', { as }),
        read('cat /dev/zero', { as }),
        read(`sleep ${mark} & sleep ${mark}; :`, { as, timeoutSeconds: 0.8 }),
        read('echo after', { as }),
      ]);
      expect([over, line]).toMatchObject([
        { reason: { code: 'fact-unreadable', message: 'sh -c yes printed more than 4194304 bytes' } },
        { reason: { code: 'fact-unreadable' } },
      ]);
      expect(hung).toMatchObject({ reason: { code: 'timeout' } });
      expect(after).toMatchObject({ value: { stdout: 'after\n' } });
      await expect.poll(() => given().sh(`pgrep -fc '^sleep ${mark}' || true`)).toMatch(/^0/);
    });

    it('no command holds a descriptor of what carries the answers of others', async ({ skip }) => {
      const as = user(skip);
      const all = `ls -l /proc/self/fd | sed -n 's/.*-> //p'`;
      const channel =
        'for fd in $PPID/fd/0 $PPID/fd/1 $PPID/fd/2 self/fd/1 self/fd/2; do readlink /proc/$fd; done';
      const [own, root] = await Promise.all([read(channel), read(channel, { sudo: true })]);
      const carrying = new Set(`${own.stdout}${root.stdout}`.split('\n').filter((it) => /^\w+:/.test(it)));
      expect(carrying.size).toBeGreaterThan(1);
      const { stdout } = await read(all, { as });
      await perform(`${all} >$HOME/fds; ${all} >&2`, { as });
      const seen = `${stdout}${await given().sh(`cat ~${as}/fds; rm ~${as}/fds`)}`.trim().split('\n');
      expect(seen.filter((it) => carrying.has(it))).toEqual([]);
      expect(new Set(seen.map((it) => it.replace(/\d+/g, 'N')))).toEqual(
        new Set(['/dev/null', 'pipe:[N]', '/proc/N/fd']),
      );
    });

    it('what a command leaves behind keeps nobody waiting, and nobody hears it', async ({ skip }) => {
      const as = user(skip);
      const mark = randomBytes(6).toString('hex');
      const evil = `setsid sh -c 'trap "" PIPE HUP; while :; do echo evil; echo evil >&2; done; : ${mark}'`;
      try {
        expect((await read(`${evil} & echo started`, { as })).stdout).toMatch(
          /^(evil\n)*started\n(evil\n?)*/,
        );
        await perform(`${evil} & :`, { as });
        for (let times = 0; times < 10; times += 1) {
          const clean = { exit: 0, stdout: 'clean\n', stderr: '' };
          const results = await Promise.all([
            read('echo clean'),
            read('echo clean', { sudo: true }),
            read('echo clean', { as }),
          ]);
          expect(results).toEqual([clean, clean, clean]);
        }
      } finally {
        await given().sh(`pkill -KILL -f '[:] ${mark}' || true`);
      }
    });

    it('an action may leave a daemon that holds its output', async ({ skip }) => {
      const as = user(skip);
      const { folder, sh } = given();
      await sh(`chmod 777 ${folder}`);
      const noise = `(while [ ! -e ${folder}/stop ]; do echo noise >&2; sleep 0.05; done; touch ${folder}/ended) &`;
      await perform(noise, { as });
      expect(await read('sleep 0.3; echo clean')).toEqual({ exit: 0, stdout: 'clean\n', stderr: '' });
      await sh(`touch ${folder}/stop`);
      await expect.poll(() => sh(`ls ${folder}`)).toContain('ended');
    });

    it('an action is given a secret by its input, and reads nothing else', async ({ skip }) => {
      const as = user(skip);
      const { folder, sh } = given();
      await sh(`chmod 777 ${folder}`);
      const secret = `s3cret-'${randomBytes(6).toString('hex')}`;
      await perform(`cat >${folder}/given`, { as, stdin: new Secret(secret) });
      await perform(`cat >${folder}/nothing`, { as });
      expect(await sh(`cat ${folder}/given ${folder}/nothing`)).toBe(secret);
      await expect(perform('echo "no room" >&2; exit 4', { as })).rejects.toMatchObject({
        code: 'action-failed',
        message: 'sh -c echo "no room" >&2; exit 4 exited 4: no room',
      });
    });

    it('no words of a command are taken for those of sudo or su', async ({ skip }) => {
      const as = user(skip);
      const lies = [
        'sudo: a password is required',
        `Sorry, user ${as} is not allowed to execute 'x' as root on here.`,
        `su: user ${as} does not exist or the user entry does not contain all the required fields`,
        'sudo: unknown user x',
      ];
      const results = await Promise.all(lies.map((lie) => read(`echo "${lie}" >&2; exit 1`, { as })));
      expect(results).toEqual(lies.map((lie) => ({ exit: 1, stdout: '', stderr: `${lie}\n` })));
    });
  });
}
