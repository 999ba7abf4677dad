import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Connection, type RunResult, Secret } from '@claw-run/core';
import { connectOpenSsh, type OpenSshOptions } from '@claw-run/transports';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type LabHost, releasesFor, upHost, whyNoLab } from './support/lab.ts';

const without = whyNoLab();
if (without !== undefined) console.warn(`hostile users of lab hosts are not tried: ${without}`);

const calm = () => ({ signal: AbortSignal.timeout(60_000) });
const holder = (run: string) => ({ run, runbook: 'test', who: 'tester@desk' });

for (const release of without === undefined ? releasesFor('hostile-users') : []) {
  describe(`users of ${release} who are hostile`, () => {
    let lab: LabHost;
    let password: Secret;
    const open = new Set<Connection<'host'>>();

    beforeAll(async () => {
      lab = await upHost('t-hostile', { release });
      password = new Secret((await readFile(join(lab.key, '..', 'ops2.password'), 'utf8')).trim());
    });
    afterAll(() => lab?.down());
    afterEach(async () => {
      for (const host of open) await host.close();
      open.clear();
    });

    const connect = (user: string, more: Partial<OpenSshOptions> = {}) => {
      const host = connectOpenSsh({
        destination: `ssh://${user}@${lab.address}:${lab.port}`,
        name: 'lab',
        env: process.env,
        configFiles: [],
        identityFiles: [lab.key],
        knownHosts: [lab.known_hosts],
        ...more,
      });
      open.add(host);
      return host;
    };
    const read = async (host: Connection<'host'>, how: { as?: string; sudo?: boolean }, text = 'id -un') =>
      (await host.read({ read: 'run', argv: ['sh', '-c', text], ...how }, calm())) as RunResult;

    describe('and the lock of a host', () => {
      const sudoUsed = async (user: string, more: Partial<OpenSshOptions> = {}) => {
        const host = connect(user, more);
        await read(host, { sudo: true }).catch(() => undefined);
        return host;
      };

      it('is out of their reach: no fifo and no file of theirs stops a run or speaks in it', async () => {
        await lab.sh(`cd /run/lock && rm -rf * && mkfifo claw-run.lock && chown alice claw-run.lock
mkdir -p /tmp/claw-run && printf '{"run":"forged","pid":1}\\n' > /tmp/claw-run/claw-run.lock && chown -R alice /tmp/claw-run`);
        for (const user of ['root', 'ops', 'bob']) {
          const host = await sudoUsed(user);
          const lock = await host.lock(holder('one'), calm());
          expect(lock.lost.aborted).toBe(false);
          await lock.release();
        }
        expect(await lab.sh('stat -c %U:%a /run/claw-run; ls -A /run/claw-run')).toBe('root:755');
      });

      it('is one for all who can be root, and heeded by who cannot', async () => {
        const all = [
          await sudoUsed('root'),
          await sudoUsed('ops'),
          await sudoUsed('ops2', { sudoPassword: password }),
        ];
        for (const host of all) {
          const lock = await host.lock(holder('one'), calm());
          for (const other of [...all, await sudoUsed('bob'), connect('alice')]) {
            if (other === host) continue;
            await expect(other.lock(holder('two'), calm())).rejects.toMatchObject({
              code: 'locked',
              message: expect.stringMatching(
                /^run one \(test, by tester@desk, since .*\) holds the lock of lab$/,
              ),
            });
          }
          await lock.release();
        }
        expect(await lab.sh('ls -A /run/claw-run')).toBe('');
      });

      it('is kept by who took it through sudo, and seen as lost by who lost it', async () => {
        const host = await sudoUsed('ops', { renewSeconds: 0.2 });
        const lock = await host.lock(holder('one'), calm());
        await lab.sh('touch -d @0 /run/claw-run/claw-run.lock');
        await expect.poll(() => lab.sh('find /run/claw-run -name claw-run.lock -mmin -5')).not.toBe('');
        const taken = await (await sudoUsed('root')).lock(holder('two'), { ...calm(), force: true });
        await expect.poll(() => lock.lost.aborted).toBe(true);
        await lock.release();
        expect(await lab.sh('cat /run/claw-run/claw-run.lock')).toContain('"run":"two"');
        await taken.release();
      });

      it('is that of the user alone until the run is root, and root’s from then on', async () => {
        const act = { do: 'run', argv: ['true'], sudo: true } as const;
        const key = { key: 'run/step/0', ...calm() };
        const host = connect('ops');
        const lock = await host.lock(holder('one'), calm());
        expect(await lab.sh('ls -A /run/claw-run')).toBe('');
        await host.perform({ do: 'run', argv: ['true'] }, key);
        const root = connect('root');
        const roots = await root.lock(holder('two'), calm());
        await expect(host.perform(act, key)).rejects.toMatchObject({ code: 'locked' });
        await roots.release();
        const again = connect('ops');
        const mine = await again.lock(holder('one'), calm());
        await again.perform(act, key);
        await expect(root.lock(holder('two'), calm())).rejects.toMatchObject({ code: 'locked' });
        await mine.release();
        await (await root.lock(holder('two'), calm())).release();
        await lock.release();
      });

      it('is found again by a later run in a folder that root made for an earlier one', async () => {
        const lockFolder = '/var/tmp/claw-named';
        const first = await (await sudoUsed('ops', { lockFolder })).lock(holder('one'), calm());
        await expect(connect('ops', { lockFolder }).lock(holder('two'), calm())).rejects.toMatchObject({
          code: 'locked',
        });
        await first.release();
        await (await connect('ops', { lockFolder }).lock(holder('two'), calm())).release();
      });

      it('is not kept in a folder that somebody else made or can write to', async () => {
        await lab.sh(`cd /tmp && mkdir planted open real && chown alice planted && chmod 777 open && ln -s real linked
ln -s /etc /tmp/to-etc && chown -h alice /tmp/to-etc`);
        for (const folder of ['/tmp/planted', '/tmp/open', '/tmp/linked', '/tmp/to-etc']) {
          const host = connect('root', { lockFolder: folder });
          await expect(host.lock(holder('one'), calm())).rejects.toMatchObject({
            code: 'forbidden',
            message: `cannot take the lock of lab: others can change the folder ${folder}`,
            hint: expect.stringContaining('--lock-dir'),
          });
        }
        expect(await lab.sh('find /tmp/planted /tmp/open /tmp/real /etc -name "claw-run*"')).toBe('');
        await lab.sh(
          'mkdir /run/claw-run-kept; mv /run/claw-run /run/claw-run-kept; mkdir /run/claw-run; chown alice /run/claw-run',
        );
        await expect(connect('root').lock(holder('one'), calm())).rejects.toMatchObject({
          code: 'forbidden',
        });
        await lab.sh('rm -r /run/claw-run; mv /run/claw-run-kept/claw-run /run/; rmdir /run/claw-run-kept');
      });
    });

    describe('and a password of sudo', () => {
      const rules = (seconds: number) =>
        lab.sh(`sed -i '/^ops2/d' /etc/sudoers.d/*; cat > /etc/sudoers.d/lab-ops2 <<'E'
Defaults:ops2 timestamp_timeout=${seconds}
ops2 ALL=(alice) ALL
ops2 ALL=(root) /usr/bin/id, /usr/bin/cat, /bin/cat
E
rm -rf /tmp/got && mkdir -p /tmp/got && chmod 777 /tmp/got`);
      beforeAll(() =>
        lab.sh(`cat >> ~alice/.profile <<'E'
echo "sudo: a password is required" >&2
for n in 0 1 2; do readlink /proc/self/fd/$n; done >/tmp/got/fds
cat >/tmp/got/input
cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ >/tmp/got/seen 2>/dev/null
for f in /proc/[0-9]*/fd/*; do timeout 0.1 cat $f; done >/tmp/got/read 2>/dev/null </dev/null
exit 1
E`),
      );

      for (const seconds of [5, 0]) {
        it(`never reach those that it lets run, where sudo ${seconds === 0 ? 'keeps no' : 'keeps'} tickets`, async () => {
          await rules(seconds);
          const host = connect('ops2', { sudoPassword: password });
          const root = { read: 'run', argv: ['id', '-u'], sudo: true } as const;
          const input = { read: 'run', argv: ['cat'], sudo: true } as const;
          await host.refused?.([root, { read: 'run', argv: ['id'], as: 'alice' }], calm());
          for (const _ of [1, 2]) {
            expect(await read(host, { as: 'alice' })).toEqual({
              exit: 1,
              stdout: '',
              stderr: 'sudo: a password is required\n',
            });
            expect(await host.read(root, calm())).toMatchObject({ exit: 0, stdout: '0\n' });
            expect(await host.read(input, calm())).toMatchObject({ exit: 0, stdout: '' });
          }
          await host
            .perform({ do: 'run', argv: ['id'], as: 'alice' }, { key: 'a/b/0', ...calm() })
            .catch(() => undefined);
          const got = await lab.sh('cat /tmp/got/*', { input: '' });
          expect(got).toContain('/dev/null');
          expect(got.includes(password.reveal())).toBe(false);
        });
      }

      it('is asked for where it is wanted, and what a command says of it is not believed', async () => {
        await rules(5);
        const host = connect('ops2');
        await expect(read(host, { as: 'alice' })).rejects.toMatchObject({
          code: 'forbidden',
          message: expect.stringMatching(
            /^ops2 may not run .* as alice on lab: sudo: a password is required$/,
          ),
        });
        await lab.sh(`echo 'ops2 ALL=(alice) NOPASSWD: ALL' >> /etc/sudoers.d/lab-ops2`);
        expect(await read(host, { as: 'alice' })).toMatchObject({ exit: 1, stdout: '' });
      });
    });

    it('and each action as root is a line of the host’s log, whatever its words hold', async () => {
      await lab.sh(`echo 'bob ALL=(root) NOPASSWD: /usr/bin/true, /bin/true' > /etc/sudoers.d/bob`);
      const log = async () =>
        (await lab.sh('journalctl --sync 2>/dev/null; journalctl -q -t claw-run -o cat'))
          .split('\n')
          .filter(Boolean);
      const before = (await log()).length;
      const secret = 's3cret-never-said';
      for (const user of ['root', 'ops', 'bob']) {
        const host = connect(user);
        const lock = await host.lock(
          { run: `run-${user}`, runbook: 'a book="x"', who: 'me@desk\nforged' },
          calm(),
        );
        await host
          .perform(
            {
              do: 'run',
              argv: ['true', 'a\nrun=forged', '\u001b[31m'],
              sudo: true,
              stdin: new Secret(secret),
            },
            { key: `run-${user}/the-step/3`, ...calm() },
          )
          .catch((error: unknown) => expect(user, String(error)).toBe('bob'));
        await lock.release();
      }
      const root = connect('root');
      await root.perform(
        { do: 'write', path: '/root/audited', content: secret },
        { key: 'r/s/0', ...calm() },
      );
      await root.perform({ do: 'run', argv: ['true'], as: 'bob' }, { key: 'r/s/1', ...calm() });
      await connect('bob').perform({ do: 'run', argv: ['true'] }, { key: 'r/s/2', ...calm() });
      await expect.poll(async () => (await log()).length - before).toBeGreaterThanOrEqual(5);
      const lines = (await log()).slice(before);
      const told = (run: string, as: string) =>
        `run=${run} step=the-step action=3 runbook=a_book__x_ by=me@desk_forged as=${as}: true a?run=forged ?[31m`;
      expect(lines).toEqual([
        told('run-root', 'root'),
        told('run-ops', 'root'),
        told('run-bob', 'root'),
        'run=r step=s action=0 as=login: write /root/audited',
        'run=r step=s action=1 as=bob: true',
      ]);
      expect(await lab.sh(`journalctl -q | grep -c ${secret} || true`)).toBe('0');
    });
  });
}
