import { randomBytes } from 'node:crypto';
import {
  type ClawError,
  type Connection,
  type FileState,
  type HostRead,
  type RunResult,
  Secret,
} from '@claw-run/core';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeAsOther } from './as-other.ts';
import { calm } from './calm.ts';
import { describePaths } from './paths.ts';

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
    const key = () => ({ key: 'run/step/0', ...calm() });
    const read = (wanted: HostRead) => host.read(wanted, calm());
    const run = async (...argv: [string, ...string[]]) => (await read({ read: 'run', argv })) as RunResult;
    const script = (text: string) => run('sh', '-c', text);
    const file = (path: string, more: { sudo?: boolean } = {}) =>
      read({ read: 'file', path, ...more }) as Promise<FileState | null>;

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

    describe('a command', () => {
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
        const mark = `${Math.floor(Math.random() * 1e6) + 1000}.25`;
        const slow = {
          read: 'run',
          argv: ['sh', '-c', `sleep ${mark} & sleep ${mark}; :`],
          timeoutSeconds: 0.5,
        } as const;
        const [first, hung, last] = await Promise.allSettled([
          run('echo', '1'),
          read(slow),
          run('echo', '2'),
        ]);
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
        const mark = `${Math.floor(Math.random() * 1e6) + 1000}.5`;
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

    it('answers many reads of one turn, each its own', async () => {
      const wanted = Array.from({ length: 200 }, (_, index) => String(index));
      const results = await Promise.all(wanted.map((text) => run('echo', text)));
      expect(results.map(({ stdout }) => stdout.trim())).toEqual(wanted);
    });

    describe('a file', () => {
      it('is read with its mode and owners, and is nothing where there is none', async () => {
        await world.sh(
          `cd ${folder} && printf 'text\\n\\n' > 'a b' && chown ${world.user}:daemon 'a b' && chmod 640 'a b'`,
        );
        await world.sh(
          `cd ${folder} && ln -s 'a b' link && ln -s nowhere dangling && chown -R ${world.user} .`,
        );
        const [plain, linked, none, below, dangling] = await Promise.all(
          ['a b', 'link', 'none', 'a b/below', 'dangling'].map((name) => file(`${folder}/${name}`)),
        );
        expect(plain).toEqual({ content: 'text\n\n', mode: 0o640, owner: world.user, group: 'daemon' });
        expect(linked).toEqual(plain);
        expect([none, below, dangling]).toEqual([null, null, null]);
      });

      it('that is none is told from one', async () => {
        await expect(file(folder)).rejects.toMatchObject({
          code: 'fact-unreadable',
          message: `${folder} is a directory, not a file`,
        });
        await world.sh(`mkfifo ${folder}/fifo`);
        await expect(file(`${folder}/fifo`)).rejects.toMatchObject({
          message: `${folder}/fifo is a fifo, not a file`,
        });
      });

      it('comes back byte for byte as it was written, under any name', async () => {
        const contents = [
          '',
          'x',
          "it's \\0 %s %b $HOME `id`\n",
          '\0\u0001\u0081ü‹’\r\n'.repeat(3000),
          'a\n\n\n',
        ];
        const names = ['plain', "it's", '-n', 'a b\nc', 'ü'];
        for (const [index, content] of contents.entries()) {
          const path = `${folder}/${names[index]}`;
          await host.perform({ do: 'write', path, content }, key());
          expect(await file(path)).toMatchObject({ content, mode: 0o644 });
        }
        expect(await world.sh(`ls -A ${folder} | grep -c claw-run || true`)).toMatch(/^0/);
      });

      it('keeps mode, owners, and access lists when it is written, unless they are given', async () => {
        await world.sh(
          `cd ${folder} && echo old > kept && chown ${world.user}: kept && chmod 2604 kept && ln -s kept link`,
        );
        const [uid, inode] = (await world.sh(`stat -c '%u %i' ${folder}/kept`)).trim().split(' ');
        await host.perform({ do: 'write', path: `${folder}/link`, content: 'new' }, key());
        expect(await file(`${folder}/kept`)).toMatchObject({
          content: 'new',
          mode: 0o2604,
          owner: world.user,
        });
        expect(await world.sh(`test -L ${folder}/link && stat -c %u ${folder}/kept`)).toMatch(uid ?? '?');
        expect(await world.sh(`stat -c %i ${folder}/kept`)).not.toContain(inode);
        await host.perform({ do: 'write', path: `${folder}/kept`, content: '', mode: 0o600 }, key());
        expect(await file(`${folder}/kept`)).toMatchObject({ content: '', mode: 0o600 });
        expect((await world.sh(`ls -A ${folder}`)).trim().split('\n')).toEqual(['kept', 'link']);
      });

      it('that cannot be written says why, and leaves nothing behind', async () => {
        const path = `${folder}/no/such/folder`;
        await expect(host.perform({ do: 'write', path, content: 'x' }, key())).rejects.toMatchObject({
          code: 'action-failed',
          message: expect.stringMatching(/^cannot write .*folder: .*No such file/),
        });
        await expect(host.perform({ do: 'write', path: folder, content: 'x' }, key())).rejects.toMatchObject({
          message: `cannot write ${folder}: it is a directory, not a file`,
        });
        expect(await world.sh(`ls -A ${folder}`)).toBe('');
      });

      it('is removed, and what is gone already counts as removed', async () => {
        await world.sh(`echo x > ${folder}/-f`);
        await host.perform({ do: 'remove', path: `${folder}/-f` }, key());
        await host.perform({ do: 'remove', path: `${folder}/-f` }, key());
        expect(await file(`${folder}/-f`)).toBeNull();
      });
    });

    describe('an action', () => {
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
        const slow = { read: 'run', argv: ['sleep', '1717'], sudo: true, timeoutSeconds: 0.5 } as const;
        const [hung, last] = await Promise.allSettled([
          read(slow),
          read({ read: 'run', argv: ['echo', '2'], sudo: true }),
        ]);
        expect(hung).toMatchObject({ reason: { code: 'timeout' } });
        expect(last).toMatchObject({ value: { stdout: '2\n' } });
        expect(await world.sh(`pgrep -fc '^sleep 1717' || true`)).toMatch(/^0/);
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

    describe('the lock', () => {
      const holder = (name: string) => ({ run: name, runbook: 'test', who: 'tester@host' });

      it('is held by one run at a time, and told to the others', async () => {
        const lock = await host.lock(holder('one'), calm());
        await expect(host.lock(holder('two'), calm())).rejects.toMatchObject({
          code: 'locked',
          message: expect.stringMatching(/^run one \(test, by tester@host, since .*\) holds the lock of /),
          hint: expect.stringContaining('--break-lock'),
        });
        await (await host.lock(holder('one'), calm())).release();
        await lock.release();
        await (await host.lock(holder('two'), calm())).release();
      });

      it('is given to one of many that come at once', async () => {
        const all = await Promise.allSettled(
          Array.from({ length: 8 }, (_, index) => host.lock(holder(`run-${index}`), calm())),
        );
        const won = all.filter(({ status }) => status === 'fulfilled');
        expect(won).toHaveLength(1);
        for (const one of all) {
          if (one.status === 'fulfilled') await one.value.release();
          else expect((one.reason as ClawError).code).toBe('locked');
        }
      });

      it('is broken where that is asked for', async () => {
        await host.lock(holder('one'), calm());
        await (await host.lock(holder('two'), { ...calm(), force: true })).release();
      });

      it('is what every action takes place under: once it is broken or gone, none does', async () => {
        const there = { lockFolder: `${folder}/locks` };
        const [one, two] = await Promise.all([connect(there), connect(there)]);
        const touch = (name: string) => ({ do: 'run', argv: ['touch', `${folder}/${name}`] }) as const;
        const write = (name: string) => ({ do: 'write', path: `${folder}/${name}`, content: 'x' }) as const;
        const lock = await one.lock(holder('one'), calm());
        await one.perform(touch('before'), key());
        const theirs = await two.lock(holder('two'), { ...calm(), force: true });
        for (const action of [
          touch('after'),
          write('after'),
          { do: 'remove', path: `${folder}/before` } as const,
        ])
          await expect(one.perform(action, key())).rejects.toMatchObject({
            code: 'lock-lost',
            message: expect.stringMatching(/run two \(test, by tester@host\) has it now$/),
            notPerformed: true,
          });
        await two.perform(touch('theirs'), key());
        await lock.release();
        await two.perform(touch('still-theirs'), key());
        await theirs.release();
        const again = await one.lock(holder('one'), calm());
        await world.sh(`rm ${folder}/locks/claw-run.lock`);
        await expect(one.perform(touch('after'), key())).rejects.toMatchObject({
          code: 'lock-lost',
          message: expect.stringContaining('its file was removed'),
        });
        await again.release();
        expect(await world.sh(`cd ${folder} && ls before after theirs still-theirs 2>/dev/null || :`)).toBe(
          'before\nstill-theirs\ntheirs\n',
        );
        await world.sh(`rm -f ${folder}/before ${folder}/theirs ${folder}/still-theirs`);
        await Promise.all([one.close(), two.close()]);
      });

      describe('after an action whose end nobody saw', () => {
        const there = () => ({ lockFolder: `${folder}/locks` });
        const begin = async (line: string, more: { sudo?: boolean } = {}) => {
          const one = await connect(there());
          await one.lock(holder('one'), calm());
          const text = `touch ${folder}/begun; ${line}`;
          const stop = new AbortController();
          const action = { do: 'run', argv: ['sh', '-c', text], ...more } as const;
          const ended = one.perform(action, { ...key(), signal: stop.signal });
          ended.catch(() => undefined);
          await expect.poll(() => world.sh(`ls ${folder}`)).toContain('begun');
          return { one, stop, ended };
        };
        it.each([
          ['as who is logged in', false],
          ['by sudo', true],
        ])('waits for it, %s, and only then is the lock taken', async (_, sudo) => {
          const more = sudo && world.sudo ? { sudo } : {};
          const go = `${folder}/go`;
          const line = `until [ -e ${go} ]; do sleep 0.05; done; sleep 0.2; echo x >>${folder}/count`;
          const { one } = await begin(line, more);
          const two = await connect(there());
          const waits: string[] = [];
          const locking = two.lock(holder('one'), { ...calm(), onWait: (because) => waits.push(because) });
          await expect.poll(() => waits).toEqual([expect.stringContaining('still runs there')]);
          expect(await world.sh(`ls ${folder}`)).not.toContain('count');
          await world.sh(`touch ${go}`);
          const lock = await locking;
          expect(await world.sh(`cat ${folder}/count`)).toBe('x\n');
          await lock.release();
          await Promise.all([one.close(), two.close()]);
        });

        it('ends it at once where it was told to stop, and begins nothing that was still to come', async () => {
          const { one, stop, ended } = await begin(`sleep 30; touch ${folder}/late`);
          const queued = one.perform(
            { do: 'run', argv: ['touch', `${folder}/queued`] },
            { ...key(), signal: stop.signal },
          );
          queued.catch(() => undefined);
          const before = Date.now();
          stop.abort(new Error('enough'));
          await expect(ended).rejects.toThrow('enough');
          await expect(queued).rejects.toThrow('enough');
          expect(Date.now() - before).toBeLessThan(1000);
          expect((await one.read({ read: 'run', argv: ['echo', 'on'] }, calm())) as RunResult).toMatchObject({
            stdout: 'on\n',
          });
          expect(await world.sh(`pgrep -fc '^sleep 30$' || true`)).toMatch(/^0/);
          await one.perform({ do: 'run', argv: ['touch', `${folder}/after`] }, key());
          expect(await world.sh(`ls ${folder} | grep -v locks`)).toBe('after\nbegun\n');
          await one.close();
        });
      });

      it('is given up soon, whatever hangs, and so is the connection', async () => {
        const there = { lockFolder: `${folder}/locks` };
        const hung = await connect(there);
        const stop = new AbortController();
        await hung.read({ read: 'run', argv: ['true'] }, calm());
        const hanging = [
          hung.read({ read: 'run', argv: ['sleep', '7777'] }, { signal: stop.signal }),
          hung.perform({ do: 'run', argv: ['sleep', '7777'] }, { ...key(), signal: stop.signal }),
          hung.lock(holder('one'), { signal: stop.signal }),
        ];
        for (const each of hanging) each.catch(() => undefined);
        await expect.poll(() => world.sh(`pgrep -fc '^sleep 7777$' || true`)).toMatch(/^1/);
        const before = Date.now();
        stop.abort(new Error('enough'));
        for (const each of hanging) await expect(each).rejects.toThrow('enough');
        const settled = Date.now();
        expect(settled - before).toBeLessThan(1000);
        await hung.close();
        expect(Date.now() - settled).toBeLessThan(2000);
        await expect.poll(() => world.sh(`pgrep -fc '^sleep 7777$' || true`)).toMatch(/^0/);
      });
    });
  });
}
