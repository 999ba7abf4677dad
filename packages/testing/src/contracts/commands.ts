import { randomBytes } from 'node:crypto';
import type { Connection } from '@claw-run/core';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { HostTried, HostWorld } from './host.ts';
import { oddSeconds, requestsTo } from './requests-to.ts';

/** What must hold of commands on a host. */
export function describeCommands(given: () => HostTried): void {
  describe('a command', () => {
    let host: Connection<'host'>;
    let world: HostWorld;
    beforeEach(() => {
      ({ host, world } = given());
    });
    const { read, run, script } = requestsTo(() => host);
    it('gives its exit status and both outputs, whatever the status', async () => {
      expect(await script('echo out; echo err >&2; exit 3')).toEqual({
        exit: 3,
        stdout: 'out\n',
        stderr: 'err\n',
      });
      expect(await run('no-such-program')).toEqual({
        exit: 127,
        stdout: '',
        stderr: 'no-such-program: not found',
      });
      expect(await script('echo first >&2; no-such-program')).toMatchObject({
        exit: 127,
        stderr: expect.stringMatching(/^first\nsh: .*no-such-program: (command )?not found\n$/),
      });
      expect(await run('/etc/passwd')).toMatchObject({
        exit: 126,
        stderr: '/etc/passwd: permission denied',
      });
    });

    it('that is killed says nothing that it did not say itself', async () => {
      const killed = await Promise.all(Array.from({ length: 100 }, () => script('kill -9 $$')));
      expect(killed).toEqual(killed.map(() => ({ exit: 137, stdout: '', stderr: '' })));
    });

    it('is a program, never a part of the shell', async () => {
      expect(await run('eval', 'echo no')).toMatchObject({ exit: 127, stdout: '' });
      expect(await run('exit', '7')).toMatchObject({ exit: 127 });
      expect(await run('e', '1')).toMatchObject({ exit: 127 });
    });

    it('is given its words as they are, whatever they hold', async () => {
      const word = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 20 }),
        fc.string({
          unit: fc.constantFrom("'", '"', '\\', '$', '`', '\n', ' ', '*', ';', '-', '=', '~', '#', '!'),
        }),
        fc.constantFrom('', '--', '-n', '$(id)', 'ü\u0081\u0088‹’È', 'A=b'),
      );
      const words = fc.array(
        word.map((text) => text.toWellFormed().replaceAll('\0', '')),
        { maxLength: 6 },
      );
      const cases = fc.sample(words, 60);
      const results = await Promise.all(cases.map((some) => run('printf', '%s|', 'x', ...some)));
      expect(results.map(({ stdout }) => stdout)).toEqual(
        cases.map((some) => ['x', ...some].map((one) => `${one}|`).join('')),
      );
    });

    it('may print anything: bytes, NULs, large outputs, lines that look like those of the protocol', async () => {
      const noise = 'printf "%s 1 0 \\n" $N >&2; for f in 0 00 1 2 3; do echo "$f 0 "; done';
      const [bytes, large, odd, after] = await Promise.all([
        run('printf', '\\377\\376ok\\000!\\n\\n'),
        run('head', '-c', '3000000', '/dev/zero'),
        script(noise),
        run('echo', 'after'),
      ]);
      expect(bytes).toEqual({ exit: 0, stdout: '\uFFFD\uFFFDok\0!\n\n', stderr: '' });
      expect(large.stdout).toHaveLength(3_000_000);
      expect(odd).toEqual({ exit: 0, stdout: '0 0 \n00 0 \n1 0 \n2 0 \n3 0 \n', stderr: ' 1 0 \n' });
      expect(after.stdout).toBe('after\n');
    });

    it('that prints more than the limit fails alone', async () => {
      const [over, after] = await Promise.allSettled([run('yes'), run('echo', 'after')]);
      expect(over).toMatchObject({
        status: 'rejected',
        reason: { code: 'fact-unreadable', message: 'yes printed more than 4194304 bytes' },
      });
      expect(after).toMatchObject({ status: 'fulfilled', value: { stdout: 'after\n' } });
    });

    it('has nothing to read, and no terminal to ask on', async () => {
      const [input, tty, after] = await Promise.all([
        run('cat'),
        script('echo x >/dev/tty'),
        run('echo', 'after'),
      ]);
      expect(input).toEqual({ exit: 0, stdout: '', stderr: '' });
      expect(tty.exit).not.toBe(0);
      expect(after.stdout).toBe('after\n');
    });

    it('that leaves something running in the background keeps nobody waiting, and does not leave it', async () => {
      const mark = `claw-mark-${randomBytes(6).toString('hex')}`;
      // had it kept the command waiting, that would have ended by its time-out
      const [first, second] = await Promise.all([
        script(`sh -c 'while :; do sleep 0.05; echo noise; done; : ${mark}' & echo started`),
        script('sleep 0.3; echo clean'),
      ]);
      expect(first.stdout).toMatch(/^started\n(noise\n)*$/);
      expect(second.stdout).toBe('clean\n');
      expect(await world.sh(`pgrep -f '[c]law-mark-${mark.slice(10)}' | wc -l`)).toMatch(/^0/);
    });

    it('that ends the shell it was started from fails alone', async () => {
      const [before, killer, after] = await Promise.allSettled([
        run('echo', 'before'),
        script('kill -9 $PPID; sleep 1'),
        run('echo', 'after'),
      ]);
      expect(before).toMatchObject({ value: { stdout: 'before\n' } });
      expect(killer).toMatchObject({ reason: { code: 'fact-unreadable' } });
      expect(after).toMatchObject({ value: { stdout: 'after\n' } });
    });

    it('that takes too long is ended with all it started, and the others of its turn go on', async () => {
      const mark = oddSeconds();
      const slow = {
        read: 'run',
        argv: ['sh', '-c', `sleep ${mark} & sleep ${mark}; :`],
        timeoutSeconds: 0.5,
      } as const;
      const [first, hung, last] = await Promise.allSettled([run('echo', '1'), read(slow), run('echo', '2')]);
      expect([first, last]).toMatchObject([{ value: { stdout: '1\n' } }, { value: { stdout: '2\n' } }]);
      expect(hung).toMatchObject({
        reason: {
          code: 'timeout',
          message: `sh -c sleep ${mark} & sleep ${mark}; : did not end within 0.5 s`,
          retryable: true,
        },
      });
      expect(await world.sh(`pgrep -fc '^sleep ${mark}' || true`)).toMatch(/^0/);
    });

    it('is ended when the run is told to stop', async () => {
      const stop = new AbortController();
      const mark = oddSeconds();
      await run('true');
      const reading = host.read({ read: 'run', argv: ['sleep', mark] }, { signal: stop.signal });
      const failing = expect(reading).rejects.toThrow('enough');
      await expect.poll(() => world.sh(`pgrep -fc '^sleep ${mark}' || true`)).toMatch(/^1/);
      stop.abort(new Error('enough'));
      await failing;
      expect((await run('echo', 'on')).stdout).toBe('on\n');
      expect(await world.sh(`pgrep -fc '^sleep ${mark}' || true`)).toMatch(/^0/);
    });

    it('speaks the C locale', async () => {
      expect((await script('echo $LC_ALL')).stdout).toBe('C\n');
    });
  });
}
