import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, createLibrary, type JsonObject, type Runbook, Secret } from '@claw-run/core';
import { createJournalStore, run, undoRun } from '@claw-run/engine';
import { linux } from '@claw-run/linux';
import { describeLaws, type Subject } from '@claw-run/testing';
import { connectSsh } from '@claw-run/transports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';

const missing = whyNoLab();
if (missing !== undefined) console.error(`the laws of groups and services are not tried: ${missing}`);

const library = createLibrary(linux);
const cacheSeconds = 600;
let host: LabHost;
let folder = '';

/** Reached by its key, its own known hosts and nobody's configuration. */
async function connect(): Promise<Connection<'host'>> {
  const { address, port, key, known_hosts } = host;
  return connectSsh({
    destination: `root@${address}:${port}`,
    configFiles: [],
    knownHosts: [known_hosts],
    identityFiles: [key],
    agent: false,
    lockFolder: folder,
    home: folder,
    env: {},
  });
}

function definition(id: string) {
  const found = library.get(id);
  if (found === undefined) throw new Error(`there is no ${id}`);
  return found;
}

async function shell(connection: Connection, line: string): Promise<void> {
  if (connection.kind !== 'host') throw new Error('not a host');
  await connection.perform(
    { do: 'run', argv: ['bash', '-ec', line] },
    { key: 'arrange', signal: new AbortController().signal },
  );
}

/** A use of a definition in a world that a shell line makes. */
function subject(one: Omit<Subject, 'definition' | 'before'> & { id: string; make: string }): Subject {
  const { id, make, ...rest } = one;
  return {
    ...rest,
    definition: definition(id),
    before: async (connection) => {
      await shell(connection, make);
      return undefined;
    },
  };
}

const groups = 'cp -p /root/group.start /etc/group; cp -p /root/gshadow.start /etc/gshadow';
const ldap = 'ldapmodify -x -H ldap://127.0.0.1 -D cn=admin,dc=claw,dc=test -y /root/ldap.password';
const entry = 'dn: cn=claw-ldap,ou=groups,dc=claw,dc=test\\nchangetype: modify';
const without = `${groups}; printf '${entry}\\nreplace: memberUid\\nmemberUid: nobody-yet\\n' | ${ldap}; sss_cache -E`;
const withMember = `printf '${entry}\\nadd: memberUid\\nmemberUid: lalice\\n' | ${ldap}`;
const stale = `${without}; id lalice; getent group claw-ldap; ${withMember}`;
const fresh = `${without}; ${withMember}; sss_cache -E; id lalice`;

const unit = String.raw`[Service]\nExecStart=/bin/sleep 9999\nExecReload=/bin/true\nEnvironmentFile=-/etc/laws.env\n[Install]\nWantedBy=multi-user.target\n`;
const installed = `printf '${unit}' >/etc/systemd/system/laws-a.service; rm -f /etc/laws.env; systemctl daemon-reload; systemctl disable -q laws-a; systemctl reset-failed laws-a || true`;
const running = `${installed}; systemctl restart laws-a; systemctl is-active laws-a`;
const outdated = `${running}; touch /etc/laws.env`;
const changedUnit = `${running}; echo '# changed' >>/etc/systemd/system/laws-a.service`;

const lalice = { user: 'lalice', group: 'claw-ldap' };
const manager = { bindDn: 'cn=admin,dc=claw,dc=test', passwordFile: '/root/ldap.password' };

describe.skipIf(missing !== undefined)('on a host of the lab', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claw-run-laws-a-'));
    host = await upHost('lawsa', { ldap: true, ldapCacheSeconds: cacheSeconds });
    await host.sh('cp -p /etc/group /root/group.start; cp -p /etc/gshadow /root/gshadow.start');
  });
  afterAll(async () => {
    await host?.down();
    await rm(folder, { recursive: true, force: true });
  });

  describeLaws(
    [
      subject({
        id: 'linux.group',
        title: 'a group that is not there',
        with: { name: 'laws' },
        make: groups,
      }),
      subject({
        id: 'linux.group',
        title: 'a group with members that is to be gone',
        with: { name: 'laws', state: 'absent' },
        make: `${groups}; groupadd -g 4100 -p '*' laws; gpasswd -M bob,alice laws`,
      }),
      subject({
        id: 'linux.group-member',
        title: 'a local group',
        with: { user: 'alice', group: 'claw-users' },
        make: groups,
      }),
      subject({
        id: 'linux.group-member',
        title: 'a directory group',
        with: { ...lalice, directory: manager },
        make: without,
      }),
      subject({
        id: 'linux.restart-service',
        title: 'older than what it reads',
        with: { unit: 'laws-a', reads: ['/etc/laws.d'] },
        make: outdated,
      }),
    ],
    { connect },
  );

  // What does not differ in how it acts is not killed as well.
  describeLaws(
    [
      subject({ id: 'linux.group', title: 'with a number', with: { name: 'laws', gid: 4100 }, make: groups }),
      subject({
        id: 'linux.group',
        title: 'one of the directory',
        with: { name: 'claw-ldap' },
        make: groups,
        plans: 'refused',
      }),
      subject({
        id: 'linux.group',
        title: 'a group with an administrator that is to be gone',
        with: { name: 'laws', state: 'absent' },
        make: `${groups}; groupadd laws; gpasswd -M bob,lalice laws; gpasswd -A bob laws`,
      }),
      subject({
        id: 'linux.group',
        title: 'a local group that hides one of the directory and is to be gone',
        with: { name: 'claw-ldap', state: 'absent' },
        make: `${groups}; echo claw-ldap:x:4101:alice >>/etc/group; echo 'claw-ldap:!::alice' >>/etc/gshadow`,
        plans: 'refused',
      }),
      subject({
        id: 'linux.group',
        title: 'a group that is gone',
        with: { name: 'laws', state: 'absent' },
        make: groups,
        plans: 'settled',
      }),
      subject({
        id: 'linux.group',
        title: 'the primary group of a user that is to be gone',
        with: { name: 'alice', state: 'absent' },
        make: groups,
        plans: 'refused',
      }),
      subject({
        id: 'linux.group-member',
        title: 'a user of the directory in a local group',
        with: { user: 'lalice', group: 'claw-users' },
        make: groups,
      }),
      subject({
        id: 'linux.group-member',
        title: 'a primary group',
        with: { user: 'alice', group: 'alice' },
        make: groups,
        plans: 'settled',
      }),
      subject({
        id: 'linux.group-member',
        title: 'nobody',
        with: { user: 'nobody-here', group: 'claw-users' },
        make: groups,
        plans: 'refused',
      }),
      subject({ id: 'linux.group-visible', title: 'a stale cache of sssd', with: lalice, make: stale }),
      subject({
        id: 'linux.group-visible',
        title: 'nothing stale',
        with: lalice,
        make: fresh,
        plans: 'settled',
      }),
      subject({
        id: 'linux.group-visible',
        title: 'no member at all',
        with: lalice,
        make: without,
        plans: 'refused',
      }),
      subject({ id: 'linux.sssd-flush', title: 'a stale cache of sssd', with: lalice, make: stale }),
      subject({
        id: 'linux.group-layers',
        title: 'a stale cache',
        with: { ...lalice, layer: 'caches' },
        make: stale,
        finds: 'fail',
      }),
      subject({
        id: 'linux.group-layers',
        title: 'no stale cache',
        with: { ...lalice, layer: 'caches' },
        make: fresh,
        finds: 'pass',
      }),
      subject({
        id: 'linux.group-layers',
        title: 'no member',
        with: { ...lalice, layer: 'source' },
        make: without,
        finds: 'fail',
      }),
      subject({
        id: 'linux.sessions-have-group',
        title: 'a session from before',
        with: { user: 'bob', group: 'claw-users' },
        make: `${groups}; pkill -u bob || true; setsid runuser -u bob -- sleep 600 >/dev/null 2>&1 </dev/null & until pgrep -u bob sleep; do :; done; usermod -aG claw-users bob`,
        finds: 'fail',
      }),
      subject({
        id: 'linux.process-has-group',
        title: 'the name service daemon',
        with: { unit: 'sssd', group: 'root' },
        make: groups,
        finds: 'pass',
      }),
      subject({
        id: 'linux.service',
        title: 'stopped and disabled',
        with: { unit: 'laws-a', running: true, enabled: true },
        make: `${installed}; systemctl stop laws-a`,
      }),
      subject({
        id: 'linux.service',
        title: 'running',
        with: { unit: 'laws-a', running: false },
        make: running,
      }),
      subject({
        id: 'linux.service',
        title: 'unknown',
        with: { unit: 'laws-b', running: true },
        make: installed,
        plans: 'refused',
      }),
      subject({
        id: 'linux.restart-service',
        title: 'of another unit file',
        with: { unit: 'laws-a' },
        make: changedUnit,
      }),
      subject({
        id: 'linux.restart-service',
        title: 'newer than what it reads',
        with: { unit: 'laws-a' },
        make: running,
        plans: 'settled',
      }),
      subject({
        id: 'linux.reload-service',
        title: 'older than what it reads',
        with: { unit: 'laws-a' },
        make: outdated,
      }),
      subject({
        id: 'linux.command',
        title: 'not yet run',
        with: {
          argv: ['touch', '/root/laws.done'],
          unless: ['test', '-e', '/root/laws.done'],
          undo: ['rm', '/root/laws.done'],
          sudo: true,
        },
        make: 'rm -f /root/laws.done',
      }),
      subject({
        id: 'linux.service-active',
        title: 'running',
        with: { unit: 'laws-a' },
        make: running,
        finds: 'pass',
      }),
      subject({
        id: 'linux.service-active',
        title: 'stopped',
        with: { unit: 'laws-a' },
        make: `${running}; systemctl stop laws-a`,
        finds: 'fail',
      }),
      subject({
        id: 'linux.service-fresh',
        title: 'changed and not restarted',
        with: { unit: 'laws-a' },
        make: outdated,
        finds: 'fail',
      }),
      subject({
        id: 'linux.service-fresh',
        title: 'restarted',
        with: { unit: 'laws-a' },
        make: running,
        finds: 'pass',
      }),
      subject({
        id: 'linux.package-present',
        title: 'there',
        with: { name: 'openssh-server' },
        make: ':',
        finds: 'pass',
      }),
      subject({
        id: 'linux.package-present',
        title: 'not there',
        with: { name: 'nosuch' },
        make: ':',
        finds: 'fail',
      }),
      subject({
        id: 'linux.uid-mapping',
        title: 'no container',
        with: { pid: 1, inside: 0, outside: 0 },
        make: ':',
        finds: 'pass',
      }),
      subject({
        id: 'linux.uid-mapping',
        title: 'as a user',
        with: { command: ['unshare', '-Ur', 'id', '-u'], as: 'alice', inside: 1002 },
        make: ':',
        finds: 'fail',
      }),
      subject({
        id: 'linux.proxy-variables',
        title: 'a proxy in the profile',
        with: { user: 'alice', server: 'https://claw-head-01:8080' },
        make: "echo 'export https_proxy=http://proxy:3128' >/etc/profile.d/laws.sh",
        finds: 'fail',
      }),
      subject({
        id: 'linux.proxy-variables',
        title: 'an exempt server',
        with: { user: 'alice', server: 'https://claw-head-01:8080' },
        make: "echo 'export https_proxy=http://proxy:3128 no_proxy=claw-head-01' >/etc/profile.d/laws.sh",
        finds: 'pass',
      }),
      subject({
        id: 'linux.certificate',
        title: 'nobody answers',
        with: { connect: '127.0.0.1:9' },
        make: ':',
        finds: 'unknown',
      }),
      subject({
        id: 'linux.log-mark',
        title: 'the journal of a unit',
        with: { unit: 'laws-a' },
        make: running,
      }),
    ],
    { connect, crashes: false },
  );

  it('/etc/group and /etc/gshadow are the same bytes after a membership was undone', async () => {
    await host.sh(
      `${groups}; usermod -aG claw-users bob; cp -p /etc/group /root/group.before; cp -p /etc/gshadow /root/gshadow.before`,
    );
    const bytes = () => host.sh('cat /etc/group /etc/gshadow; stat -c "%U %G %a" /etc/group /etc/gshadow');
    const before = await bytes();
    const trial = await tried('linux.group-member', { user: 'alice', group: 'claw-users' });
    expect(trial.applied).toMatchObject({ status: 'ok', problems: [] });
    expect(await host.sh('getent -s files group claw-users')).toMatch(/:bob,alice$/);
    expect(await trial.undo()).toMatchObject({ status: 'ok', problems: [] });
    expect(await bytes()).toBe(before);
  });

  it('a password that is a secret changes the directory, and is in nothing that the run tells', async () => {
    await host.sh(without);
    const password = new Secret((await host.sh('cat /root/ldap.password')).trim());
    const trial = await tried('linux.group-member', {
      ...lalice,
      directory: { bindDn: manager.bindDn, password },
    });
    expect(trial.applied).toMatchObject({ status: 'ok', problems: [] });
    expect(
      await host.sh('ldapsearch -x -LLL -H ldap://127.0.0.1 -b dc=claw,dc=test cn=claw-ldap memberUid'),
    ).toContain('lalice');
    expect(trial.told()).not.toContain(password.reveal());
    expect(await trial.undo()).toMatchObject({ status: 'ok', problems: [] });
    expect(
      await host.sh('ldapsearch -x -LLL -H ldap://127.0.0.1 -b dc=claw,dc=test cn=claw-ldap memberUid'),
    ).not.toContain('lalice');
  });

  it.each([
    [
      'that is wrong',
      'printf wrong >/root/login',
      'does not take the password of cn=admin,dc=claw,dc=test; check bindDn and passwordFile',
    ],
    ['that is empty', ': >/root/login', 'does not let cn=admin,dc=claw,dc=test log in: '],
    ['that is not there', 'rm -f /root/login', 'cannot be asked: /root/login: No such file or directory'],
  ])('a password file %s is named before anything is changed', async (_title, make, said) => {
    await host.sh(`${without}; umask 077; ${make}`);
    const { applied } = await tried('linux.group-member', {
      ...lalice,
      directory: { ...manager, passwordFile: '/root/login' },
    });
    expect(applied.status).toBe('refused');
    expect(applied.problems.map(({ message }) => message).join()).toContain(said);
  });

  it('a wait that fails says which layer is stale and how long it may stay so', async () => {
    await host.sh(stale);
    const { applied } = await tried('linux.group-visible', { ...lalice, flush: false }, 1);
    expect(applied.problems.map(({ message }) => message).join()).toContain(
      `did not come about within 1 s: the cache of sssd still lacks lalice in claw-ldap, while the directory has lalice in claw-ldap; it keeps answers for ${cacheSeconds} s (entry_cache_timeout), and ${cacheSeconds} s in memory (memcache_timeout)`,
    );
  });

  it('a unit that fails to come up is told with its last words', async () => {
    await host.sh(
      `${running}; printf '[Service]\\nExecStart=/bin/sh -c "echo the port is taken >&2; exit 3"\\n' >/etc/systemd/system/laws-a.service`,
    );
    const { applied } = await tried('linux.restart-service', { unit: 'laws-a' });
    const told = applied.problems.map(({ message }) => message).join();
    expect(told).toContain('laws-a.service has failed (exit-code)');
    expect(told).toContain('the port is taken');
  });

  it('lines are found since a mark, also where the log was rotated in between', async () => {
    await host.sh('rm -f /var/log/laws*; printf "user alice refused\\n" >/var/log/laws.log');
    const mark = (await host.sh('stat -c "file %i %s" /var/log/laws.log')).trim();
    const find = () =>
      asked('linux.log-lines', { path: '/var/log/laws.log', matches: 'user alice', since: mark });
    expect(await find()).toMatchObject({ finding: 'excluded' });
    await host.sh(
      'echo "user alice again" >>/var/log/laws.log; mv /var/log/laws.log /var/log/laws.log.1; echo new >/var/log/laws.log',
    );
    expect(await find()).toMatchObject({
      finding: 'found',
      because: expect.stringContaining('1 lines'),
    });
    await host.sh('rm /var/log/laws.log.1');
    expect(await find()).toMatchObject({ finding: 'unknown' });
  });

  it('undoing a restart starts the process once more', async () => {
    await host.sh(outdated);
    const trial = await tried('linux.restart-service', { unit: 'laws-a' });
    expect(trial.applied.status).toBe('ok');
    const started = () => host.sh('systemctl show -P InvocationID laws-a');
    const first = await started();
    expect((await trial.undo()).status).toBe('ok');
    expect(await started()).not.toBe(first);
  });
});

/** What a check finds. */
async function asked(id: string, input: JsonObject) {
  const uses = definition(id);
  if (uses.type !== 'check') throw new Error(`${id} is no check`);
  const cause = {
    id: 'it',
    name: uses.summary,
    title: uses.summary,
    uses,
    on: 'it',
    with: () => input,
    needs: [],
  };
  const connection = await connect();
  const journals = createJournalStore(join(folder, 'journals'));
  const runbook = { ...emptyRunbook, causes: [cause] };
  const { causes } = await run({
    runbook,
    connections: { it: connection },
    journals,
    who: 'laws@test',
    mode: 'diagnose',
  }).finally(() => connection.close());
  return causes[0];
}

const emptyRunbook: Runbook = {
  name: 'try',
  title: 'A try',
  fixes: [],
  symptoms: [],
  params: [],
  targets: [{ name: 'it', kind: 'host', many: false }],
  lookups: [],
  causes: [],
  steps: [],
  verify: [],
  onFailure: 'stop',
  sources: {},
};

/** One use as the only step of a runbook: done, and ready to be undone. */
async function tried(id: string, input: JsonObject, timeoutSeconds?: number) {
  const uses = definition(id);
  if (uses.type !== 'state' && uses.type !== 'event') throw new Error(`${id} is no step`);
  const step = { id: 'it', name: uses.summary, uses, on: 'it', with: () => input, needs: [] };
  const runbook = {
    ...emptyRunbook,
    steps: [timeoutSeconds === undefined ? step : { ...step, timeoutSeconds }],
  };
  const journals = createJournalStore(join(folder, 'journals'));
  const identity = { run: `try-${crypto.randomUUID()}`, startedAt: new Date().toISOString() };
  const told: string[] = [];
  const connection = await connect();
  const options = {
    runbook,
    connections: { it: connection },
    journals,
    who: 'laws@test',
    emit: (event: unknown) => void told.push(JSON.stringify(event)),
  };
  const applied = await run({ ...options, identity }).finally(() => connection.close());
  return {
    applied,
    told: () => told.join('\n'),
    undo: async () => {
      const again = await connect();
      return undoRun({
        ...options,
        connections: { it: again },
        journal: await journals.open(identity.run),
        definition: () => uses,
      }).finally(() => again.close());
    },
  };
}
