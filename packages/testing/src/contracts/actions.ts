import { randomBytes } from 'node:crypto';
import { type Connection, Secret } from '@claw-run/core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { HostTried, HostWorld } from './host.ts';
import { requestsTo } from './requests-to.ts';

/** What must hold of commands that change a host. */
export function describeActions(given: () => HostTried): void {
  describe('an action', () => {
    let host: Connection<'host'>;
    let world: HostWorld;
    let folder = '';
    beforeEach(() => {
      ({ host, world, folder } = given());
    });
    const { key, run, script } = requestsTo(() => host);
    it('that fails says how', async () => {
      const action = {
        do: 'run',
        argv: ['sh', '-c', 'echo first >&2; echo "no room" >&2; exit 4'],
      } as const;
      await expect(host.perform(action, key())).rejects.toMatchObject({
        code: 'action-failed',
        message: 'sh -c echo first >&2; echo "no room" >&2; exit 4 exited 4: first; no room',
        output: 'first\nno room',
      });
    });

    it('that fails keeps the reason, wherever it stands in what it printed', async () => {
      const lines = 'echo "E: the reason"; for i in 1 2 3 4 5 6 7 8 9; do echo "line $i"; done';
      const failed = host.perform({ do: 'run', argv: ['sh', '-c', `{ ${lines}; } >&2; exit 1`] }, key());
      await expect(failed).rejects.toMatchObject({
        message: expect.stringMatching(/exited 1: E: the reason … line 9$/),
        output: expect.stringContaining('E: the reason\nline 1\n'),
      });
      const many = host.perform(
        { do: 'run', argv: ['sh', '-c', 'seq -w 1 2000 | sed "s/^/said 00/" >&2; exit 1'] },
        key(),
      );
      const output = await many.catch((error: { output: string }) => error.output);
      expect(output).toMatch(/^said 000001\n(.*\n)+… \d+ lines left out …\n(.*\n)+said 002000$/);
      expect(String(output).length, 'within a limit').toBeLessThan(5000);
    });

    it('is given a secret by its input, and nobody else is', async () => {
      const secret = `s3cret-'${randomBytes(6).toString('hex')}`;
      const look = `cat > ${folder}/got; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null > ${folder}/seen || :`;
      const action = { do: 'run', argv: ['sh', '-c', look], stdin: new Secret(secret) } as const;
      expect(await host.perform(action, key())).toEqual({ exit: 0 });
      expect(await world.sh(`cat ${folder}/got`)).toBe(secret);
      expect(await world.sh(`grep -c "${secret.slice(8)}" ${folder}/seen || true`)).toMatch(/^0/);
    });

    it('may leave a daemon that holds its output, and what that prints is nobody else’s', async () => {
      const noise = `(while [ ! -e ${folder}/stop ]; do echo noise >&2; sleep 0.05; done; touch ${folder}/ended) &`;
      await host.perform({ do: 'run', argv: ['sh', '-c', noise] }, key());
      expect(await script('sleep 0.3; echo clean')).toEqual({ exit: 0, stdout: 'clean\n', stderr: '' });
      await world.sh(`touch ${folder}/stop`);
      await expect.poll(() => world.sh(`ls ${folder}`)).toContain('ended');
    });

    it('holds nothing that a daemon which it leaves could use: not the channel, and nothing to read', async () => {
      const { stdout } = await script(
        'for fd in $PPID/fd/0 $PPID/fd/1 $PPID/fd/2 self/fd/1 self/fd/2; do readlink /proc/$fd; done',
      );
      const channel = stdout.split('\n').filter((it) => /^\w+:/.test(it));
      expect(channel).not.toEqual([]);
      const text = `ls -l /proc/self/fd | sed -n 's/.*-> //p' >${folder}/fds`;
      await host.perform({ do: 'run', argv: ['sh', '-c', text] }, key());
      const held = (await world.sh(`cat ${folder}/fds`)).trim().split('\n');
      expect(held.length).toBeGreaterThan(2);
      expect(held.filter((it) => channel.includes(it))).toEqual([]);
    });

    it('that takes too long is ended', async () => {
      const action = { do: 'run', argv: ['sleep', '77'], timeoutSeconds: 0.4 } as const;
      await expect(host.perform(action, key())).rejects.toMatchObject({ code: 'timeout' });
      expect((await run('echo', 'on')).stdout).toBe('on\n');
    });
  });
}
