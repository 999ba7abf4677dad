import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { until } from '@claw-run/testing';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventsOf, makePlace, normal } from '../cli/support/claw-run.ts';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';

const missing = whyNoLab();
if (missing !== undefined) console.error(`runs on hosts are not tried: ${missing}`);

const fixtures = join(import.meta.dirname, 'fixtures');
const notice = join(fixtures, 'notice.yaml');
const slow = [join(fixtures, 'slow.yaml'), '--library', join(fixtures, 'slow-steps.ts')];

const hosts: LabHost[] = [];
function host(index = 0): LabHost {
  const found = hosts[index];
  if (found === undefined) throw new Error('the host is not up');
  return found;
}

/** What ssh_config says of a host that is called `head`. */
function aliasOf({ address, port, key, known_hosts }: LabHost, more: string): string {
  return `Host head\n  HostName ${address}\n  Port ${port}\n  IdentityFile ${key}\n  UserKnownHostsFile ${known_hosts}\n  ${more}\n`;
}

describe.skipIf(missing !== undefined)('runs on hosts over SSH', () => {
  beforeAll(async () => {
    hosts.push(await upHost('cli'));
  });
  afterAll(async () => {
    for (const each of hosts) await each.down();
  });

  test('a dry run touches nothing; a run mends; a second finds nothing to do; rolled back, all is as before', async () => {
    const { run } = await makePlace();
    const reach = reachAs('ops', host());
    await host().sh('rm -f /etc/claw-notice; printf old >/etc/claw-motd; chmod 600 /etc/claw-motd');
    const before = await state(host());
    const planned = await run([notice, '--check', ...reach]);
    expect({ exit: planned.exit, said: stable(planned.stdout) }).toMatchInlineSnapshot(`
      {
        "exit": 0,
        "said": "The host does not say whom to ask
      notice on head ssh://ops@ADDRESS

      Causes
        ✗ There is no notice, or another one
          there is no /etc/claw-notice

      Plan: 2 changes
        1. Say whom to ask
           + file /etc/claw-notice
               content: |
                 Ask the cluster admins.
               mode: 0640
               owner: root
               group: root
        2. Say it to those who log in
           ~ file /etc/claw-motd
               content:
                 - old
                 + Ask the cluster admins.

      ✓ 2 changes planned; 1 of 1 cause found; nothing was touched
        next: claw-run ROOT/test/lab/fixtures/notice.yaml --target head=ssh://ops@ADDRESS --known-hosts LAB -i LAB
      ",
      }
    `);
    expect(await state(host())).toBe(before);
    const mended = await run([notice, '--yes', ...reach]);
    expect({ exit: mended.exit, said: stable(mended.stdout).split('\n').slice(-3) }).toMatchInlineSnapshot(`
      {
        "exit": 0,
        "said": [
          "✓ Fixed and verified in N s: 2 changed",
          "  roll back: claw-run rollback RUN",
          "",
        ],
      }
    `);
    expect(
      await host().sh('cat /etc/claw-notice /etc/claw-motd; stat -c %a /etc/claw-notice /etc/claw-motd'),
    ).toBe('Ask the cluster admins.\nAsk the cluster admins.\n640\n600');
    const after = await state(host());
    const again = await run([notice, '--yes', ...reach]);
    expect({ exit: again.exit, said: again.stdout }).toMatchObject({
      exit: 0,
      said: expect.stringContaining('No change needed'),
    });
    expect(await state(host())).toBe(after);
    // where the host is, and how it is reached, is found in the journal
    const back = await run(['rollback', '--yes']);
    expect(back).toMatchObject({ exit: 0, stdout: expect.stringContaining('Rolled back') });
    expect(await content(host())).toBe('old 600');
  });

  test('sudo that is not granted is named before anything is touched, by the lines that grant just it', async () => {
    const { run } = await makePlace();
    const reach = reachAs('alice', host());
    await host().sh('rm -f /etc/claw-notice /etc/claw-motd /etc/sudoers.d/claw-test');
    const before = await state(host());
    const lines: string[] = [];
    let last = await run([notice, '--yes', ...reach]);
    expect(last.exit).toBe(3);
    expect(await state(host())).toBe(before);
    for (let round = 0; round < 3 && last.exit === 3; round += 1) {
      lines.push(...(last.stdout.match(/^alice ALL=.*$/gm) ?? []));
      await host().sh('cat >/etc/sudoers.d/claw-test; chmod 440 /etc/sudoers.d/claw-test; visudo -cq', {
        input: `${lines.join('\n')}\n`,
      });
      last = await run([notice, '--yes', ...reach]);
    }
    await host().sh('rm -f /etc/sudoers.d/claw-test');
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.every((line) => /^alice ALL=\(root\) NOPASSWD: \/\S/.test(line))).toBe(true);
    expect(last).toMatchObject({ exit: 0, stdout: expect.stringContaining('Fixed and verified') });
  });

  test('rules of sudo that want a password are named before anything is touched; with the password they do', async () => {
    const { run } = await makePlace();
    const password = `p-${randomBytes(9).toString('hex')}`;
    const programs = ['cat', 'stat', 'readlink', 'rm', 'dd', 'chown', 'cp', 'chmod', 'mv'];
    const all = programs.map((program) => `/usr/bin/${program}`);
    const reading = all.slice(0, 2).join(', ');
    await host().sh('chpasswd', { input: `bob:${password}\n` });
    await host().sh('cat >/etc/sudoers.d/claw-narrow; chmod 440 /etc/sudoers.d/claw-narrow; visudo -cq', {
      input: `bob ALL=(root) NOPASSWD: ${reading}\nbob ALL=(root) PASSWD: ${all.slice(2).join(', ')}\n`,
    });
    await host().sh(
      'rm -f /etc/claw-notice /etc/claw-motd; printf old >/etc/claw-motd; chmod 600 /etc/claw-motd',
    );
    const before = await state(host());
    const reach = reachAs('bob', host());
    const without = await run([notice, '--yes', ...reach]);
    expect(without).toMatchObject({ exit: 3, stdout: expect.stringContaining('--sudo-password-from') });
    expect(without.stdout).toMatch(/: \/usr\/bin\/mv .* as root, without a password\n/);
    expect(without.stdout).not.toMatch(/NOPASSWD: \/usr\/bin\/(cat|stat) /);
    expect(await state(host())).toBe(before);
    const env = { BOB: password };
    const mended = await run([notice, '--yes', ...reach, '--sudo-password-from', 'env:BOB'], { env });
    expect(mended).toMatchObject({ exit: 0, stdout: expect.stringContaining('Fixed and verified') });
    expect(await content(host())).toBe('Ask 600');
    const back = await run(['rollback', '--yes'], { env });
    expect(back).toMatchObject({ exit: 0, stdout: expect.stringContaining('Rolled back') });
    expect(await content(host())).toBe('old 600');
    await host().sh('rm -f /etc/sudoers.d/claw-narrow');
  });

  test('the sudo that is missing is in the JSON too', async () => {
    const { run } = await makePlace();
    await host().sh('rm -f /etc/claw-notice /etc/claw-motd');
    const { exit, stdout } = await run([notice, '--yes', '--output', 'json', ...reachAs('alice', host())]);
    const events = eventsOf(stdout);
    expect(exit).toBe(3);
    expect(events.find(({ type }) => type === 'grants.missing')).toMatchObject({
      grants: [],
      sudo: expect.arrayContaining([
        {
          target: 'head',
          host: expect.any(String),
          user: 'alice',
          runAs: 'root',
          command: expect.stringMatching(/^\//),
          line: expect.stringMatching(/^alice ALL=\(root\) NOPASSWD: \//),
          because: 'password',
        },
      ]),
    });
    expect(events.at(-1)).toMatchObject({ type: 'run.ended', status: 'refused', exit: 3 });
  });

  test('a password for sudo comes from the environment or a file, and shows nowhere', async () => {
    const { run, folder } = await makePlace();
    const password = (await readFile(join(dirname(host().key), 'ops2.password'), 'utf8')).trim();
    const reach = reachAs('ops2', host());
    await host().sh('rm -f /etc/claw-notice /etc/claw-motd');
    const without = await run([notice, '--yes', ...reach]);
    expect(without).toMatchObject({ exit: 3, stdout: expect.stringContaining('password') });
    const env = { OPS2: password };
    const json = await run(
      [notice, '--yes', '--output', 'json', ...reach, '--sudo-password-from', 'env:OPS2'],
      { env },
    );
    expect(json).toMatchObject({ exit: 0 });
    // the journal says where the password comes from; it is asked for there again
    await writeFile(join(folder, 'password'), `${password}\n`);
    const back = await run(['rollback', '--yes', '--sudo-password-from', 'file:password']);
    expect(back).toMatchObject({ exit: 0 });
    const journals = await run(['runs', '--output', 'json']);
    const said = [without, json, back, journals].flatMap(({ stdout, stderr }) => [stdout, stderr]).join('');
    expect(said).not.toContain(password);
    expect(await host().sh('ls /etc/claw-notice /etc/claw-motd 2>/dev/null || true')).toBe('');
  });

  test('logging in with a password; without one, and without a terminal, it is refused and not waited for', async () => {
    const { run } = await makePlace();
    const password = (await readFile(join(dirname(host().key), 'ops2.password'), 'utf8')).trim();
    const where = [
      '--target',
      `head=ssh://ops2@${host().address}:${host().port}`,
      '--known-hosts',
      host().known_hosts,
    ];
    const refused = await run([notice, '--check', ...where]);
    expect(refused.exit).toBe(3);
    const sources = ['--ssh-password-from', 'env:OPS2', '--sudo-password-from', 'env:OPS2'];
    expect(await run([notice, '--check', ...where, ...sources], { env: { OPS2: password } })).toMatchObject({
      exit: 0,
    });
    const unset = await run([notice, '--check', ...where, ...sources]);
    expect(unset).toMatchObject({ exit: 2, stderr: expect.stringContaining('the variable OPS2 is not set') });
    const mistaken = await run([notice, '--check', ...where, '--sudo-password-from', password]);
    expect(mistaken).toMatchObject({ exit: 2, stderr: expect.not.stringContaining(password) });
  });

  test('by the OpenSSH client too: a dry run, a run, what undoes it; a host whose key is unknown or another is not talked to', async () => {
    const { run, folder } = await makePlace();
    const { address, port, key, known_hosts } = host();
    const { stdout: usual } = await execa(
      'sh',
      ['-c', 'ssh-keygen -q -t ed25519 -N "" -f other && cat other.pub'],
      {
        cwd: folder,
      },
    );
    const reach = (knownHosts = known_hosts) => [
      ...['--target', `head=openssh://ops@${address}:${port}`, '-i', key, '--known-hosts', knownHosts],
    ];
    await host().sh('rm -f /etc/claw-notice; printf old >/etc/claw-motd; chmod 600 /etc/claw-motd');
    const before = await state(host());
    const [, otherKey = ''] = usual.split(' ');
    await writeFile(join(folder, 'nobody'), '');
    await writeFile(join(folder, 'other-key'), `[${address}]:${port} ssh-ed25519 ${otherKey}\n`);
    for (const [knownHosts, why] of [
      ['nobody', /is not\s+known/],
      ['other-key', /is not the one of\s+\S+other-key:1: it shows SHA256:/],
    ] as const) {
      const refused = await run([notice, '--yes', ...reach(knownHosts)]);
      expect(refused).toMatchObject({ exit: 3, stdout: expect.stringMatching(why) });
    }
    const planned = await run([notice, '--check', ...reach()]);
    expect({ exit: planned.exit, said: stable(planned.stdout) }).toMatchObject({
      exit: 0,
      said: expect.stringContaining('notice on head openssh://ops@ADDRESS\n'),
    });
    expect(planned.stdout).toContain('2 changes planned; 1 of 1 cause found; nothing was touched');
    expect(await state(host())).toBe(before);
    const mended = await run([notice, '--yes', '--idle-timeout', '1m', ...reach()]);
    expect(mended).toMatchObject({ exit: 0, stdout: expect.stringContaining('Fixed and verified') });
    expect(await content(host())).toBe('Ask 600');
    expect(await run([notice, '--yes', ...reach()])).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('No change needed'),
    });
    const [, undo = ''] = /roll back: claw-run rollback (\S+)/.exec(mended.stdout) ?? [];
    expect(await run(['rollback', undo, '--yes'])).toMatchObject({ exit: 0 });
    expect(await content(host())).toBe('old 600');
    const nobody = await run([notice, '--check', '--target', `head=openssh://ops@${address}:1`]);
    expect(nobody).toMatchObject({
      exit: 3,
      stdout: expect.stringContaining(`try \`ssh ssh://ops@${address}:1\``),
    });
    // nothing of the client is left on either side
    expect(await host().sh('pgrep -cu ops sshd || true')).toBe('0');
  });

  test('a host whose key is unknown is not talked to', async () => {
    const { run, folder } = await makePlace();
    await writeFile(join(folder, 'nobody'), '');
    const refused = await run([notice, '--check', ...reachAs('ops', host()).with(3, 'nobody')]);
    expect(refused).toMatchObject({ exit: 3, stdout: expect.stringContaining('is not known') });
  });

  test('an alias of ssh_config is a target too', async () => {
    const { run, folder } = await makePlace();
    await writeFile(join(folder, 'config'), aliasOf(host(), 'User ops'));
    const { exit, stdout } = await run([
      notice,
      '--check',
      '--target',
      'head=head',
      '--ssh-config',
      'config',
    ]);
    expect({ exit, on: stdout.split('\n')[1] }).toEqual({ exit: 0, on: 'notice on head head' });
  });

  // ssh2 is changed while it is bundled: its own tests do not tell of it
  test.each(['chacha20-poly1305@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr'])(
    'the bundle speaks %s',
    async (cipher) => {
      const { run, folder } = await makePlace();
      await writeFile(join(folder, 'config'), aliasOf(host(), `User root\n  Ciphers ${cipher}`));
      const { exit, stderr } = await run([
        notice,
        '--check',
        '--ssh-config',
        'config',
        '--target',
        'head=ssh://head',
      ]);
      expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    },
  );

  test('killed in the middle, a run is gone on with to its end, and undone from there', async () => {
    const { start, run } = await makePlace();
    await clearSlow(host());
    const killed = start([...slow, '--yes', ...reachAs('ops', host())]);
    await began(host());
    killed.kill('SIGKILL');
    await killed.ended;
    const resumed = await run(['resume', '--yes', '--library', slow[2] ?? '']);
    expect(resumed).toMatchObject({ exit: 0, stdout: expect.stringContaining('Fixed and verified') });
    expect(await host().sh('cat /var/tmp/claw-before /var/tmp/claw-slow /var/tmp/claw-after')).toBe(
      'before\nslowafter',
    );
    expect(await run(['rollback', '--yes', '--library', slow[2] ?? ''])).toMatchObject({ exit: 0 });
    expect(await leftOfSlow(host())).toBe('');
  });

  test('killed in the middle, a run is undone to its start', async () => {
    const { start, run } = await makePlace();
    await clearSlow(host());
    const killed = start([...slow, '--yes', ...reachAs('ops', host())]);
    await began(host());
    killed.kill('SIGKILL');
    await killed.ended;
    // what it had begun on the host may still come to its end: undoing is to be about what is there then
    await until(
      'the command has ended',
      async () => (await host().sh('pgrep -f [c]law-slow || true')) === '',
    );
    expect(await run(['rollback', '--yes', '--library', slow[2] ?? ''])).toMatchObject({ exit: 0 });
    expect(await leftOfSlow(host())).toBe('');
  });

  test('a connection that is cut in the middle is made again, and the run goes on', async () => {
    const { start } = await makePlace();
    await clearSlow(host());
    const running = start([...slow, '--yes', ...reachAs('ops', host())]);
    await began(host());
    await host().sh('pkill -KILL -u ops sshd');
    const { exit, stdout, stderr } = await running.ended;
    expect({ exit, stdout, stderr }).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('Fixed and verified'),
      stderr: expect.stringContaining('trying to reach it again'),
    });
    expect(await host().sh('cat /var/tmp/claw-before /var/tmp/claw-slow /var/tmp/claw-after')).toBe(
      'before\nslowafter',
    );
  });

  test('three hosts are rolled out over one after the other; the first failure stops it; the fleet is gone on with and undone', async () => {
    const { run, folder } = await makePlace();
    while (hosts.length < 3) hosts.push(await upHost('cli'));
    for (const each of hosts)
      await each.sh('rm -f /etc/claw-notice; printf old >/etc/claw-motd; chmod 600 /etc/claw-motd');
    const lines = hosts.map(
      ({ address, port }, index) =>
        `ssh://ops@${address}:${port} name=web${index + 1} ${index === 0 ? 'canary' : 'web'}`,
    );
    await writeFile(join(folder, 'hosts'), `# where, name, groups\n${lines.join('\n')}\n`);
    const knownHosts = hosts.flatMap(({ known_hosts }) => ['--known-hosts', known_hosts]);
    const notices = [join(fixtures, 'notices.yaml'), '--hosts', 'hosts', '-i', host().key, ...knownHosts];
    const planned = await run([...notices, '--check']);
    expect(planned).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/\nweb1, web2, web3 \(3 hosts\)\n[\s\S]*6 changes planned on 3 hosts/),
    });
    expect(await contents(hosts)).toEqual(['old 600', 'old 600', 'old 600']);
    // the second host cannot write its second file
    await host(1).sh(
      'chattr +i /etc/claw-motd 2>/dev/null || mount --bind -o ro /etc/claw-motd /etc/claw-motd',
    );
    const stopped = await run([...notices, '--yes']);
    // the first host stays changed, so not all is rolled back
    expect(stopped.exit).toBe(1);
    expect(stopped.stdout).toMatch(/✓ web1 +2 changed[\s\S]*✗ web2 [\s\S]*- web3 +not begun/);
    expect(await contents(hosts)).toEqual(['Ask 600', 'old 600', 'old 600']);
    await host(1).sh('chattr -i /etc/claw-motd 2>/dev/null; umount /etc/claw-motd 2>/dev/null; true');
    // what was undone stays undone; the host that never had its turn has it now
    const [, fleet = ''] = /resume: claw-run resume (\S+)/.exec(stopped.stdout) ?? [];
    const resumed = await run(['resume', fleet, '--yes']);
    // the second host is still as it was
    expect(resumed).toMatchObject({ exit: 1, stdout: expect.stringMatching(/web3\n {2}not begun/) });
    expect(await contents(hosts)).toEqual(['Ask 600', 'old 600', 'Ask 600']);
    const back = await run(['rollback', fleet, '--yes']);
    expect(back).toMatchObject({ exit: 0, stdout: expect.stringContaining('Rolled back on 2 hosts') });
    expect(await contents(hosts)).toEqual(['old 600', 'old 600', 'old 600']);
    const some = await run([...notices, '--yes', '--limit', 'web,!web2']);
    expect(some).toMatchObject({ exit: 0, stdout: expect.stringContaining('on 1 host') });
    expect(await contents(hosts)).toEqual(['old 600', 'old 600', 'Ask 600']);
  });
});

/** The flags that reach a host as a user, by nothing but what is given. */
function reachAs(user: string, { address, port, key, known_hosts }: LabHost): string[] {
  return ['--target', `head=ssh://${user}@${address}:${port}`, '--known-hosts', known_hosts, '-i', key];
}

/** All that a run could have touched: names, times of change and contents below /etc and /var/tmp. */
function state({ sh }: LabHost): Promise<string> {
  return sh("find /etc /var/tmp -xdev -printf '%p %c %m %u\\n' | LC_ALL=C sort");
}

/** One host after the other: the lab takes two calls at the same moment for a reboot now and then. */
async function contents(all: readonly LabHost[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const each of all) found.push(await content(each));
  return found;
}

/** The first word of the second file, and its mode. */
function content({ sh }: LabHost): Promise<string> {
  return sh('echo "$(head -c3 /etc/claw-motd) $(stat -c %a /etc/claw-motd)"');
}

async function began({ sh }: LabHost): Promise<void> {
  const marker = 'ls /var/tmp/claw-slow.started 2>/dev/null || true';
  await until('the slow step has begun', async () => (await sh(marker)) !== '');
}

function clearSlow({ sh }: LabHost): Promise<string> {
  return sh('rm -f /var/tmp/claw-*');
}

function leftOfSlow({ sh }: LabHost): Promise<string> {
  return sh('ls /var/tmp/claw-before /var/tmp/claw-slow /var/tmp/claw-after 2>/dev/null || true');
}

function stable(text: string): string {
  return normal(text)
    .replaceAll(/127\.0\.0\.\d+:\d+/g, 'ADDRESS')
    .replaceAll(/(--known-hosts|-i) \S+/g, '$1 LAB');
}
