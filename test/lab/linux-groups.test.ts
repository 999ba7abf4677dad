import { createLibrary, type JsonObject, Secret } from '@claw-run/core';
import { linux } from '@claw-run/linux';
import { describeLaws } from '@claw-run/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LabHost, releasesFor, upHost, whyNoLab } from './support/lab.ts';
import { tryStep } from './support/one-use.ts';
import { type ByShell, subjectByShell } from './support/subject-by-shell.ts';
import { reach } from './support/try-runbook.ts';

const missing = whyNoLab();
if (missing !== undefined) console.error(`the laws of groups are not tried: ${missing}`);

const library = createLibrary(linux);
let host: LabHost;
const subject = (one: ByShell) => subjectByShell(library, () => host, one);

const cacheSeconds = 600;
const groups = 'cp -p /root/group.start /etc/group; cp -p /root/gshadow.start /etc/gshadow';
const ldap = 'ldapmodify -x -H ldap://127.0.0.1 -D cn=admin,dc=claw,dc=test -y /root/ldap.password';
const entry = 'dn: cn=claw-ldap,ou=groups,dc=claw,dc=test\\nchangetype: modify';
const without = `${groups}; printf '${entry}\\nreplace: memberUid\\nmemberUid: nobody-yet\\n' | ${ldap}; sss_cache -E`;
const withMember = `printf '${entry}\\nadd: memberUid\\nmemberUid: lalice\\n' | ${ldap}`;
const stale = `${without}; id lalice; getent group claw-ldap; ${withMember}`;
const fresh = `${without}; ${withMember}; sss_cache -E; id lalice`;
const lalice = { user: 'lalice', group: 'claw-ldap' };
const manager = { bindDn: 'cn=admin,dc=claw,dc=test', passwordFile: '/root/ldap.password' };

describe.skipIf(missing !== undefined).each(releasesFor('groups'))('on a host of the lab (%s)', (release) => {
  beforeAll(async () => {
    host = await upHost('groups', { release, ldap: true, ldapCacheSeconds: cacheSeconds });
    await host.sh('cp -p /etc/group /root/group.start; cp -p /etc/gshadow /root/gshadow.start');
  });
  afterAll(() => host?.down());

  const tried = (id: string, input: JsonObject, timeoutSeconds?: number) =>
    tryStep(library, id, { connect: () => reach(host), input, timeoutSeconds });

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
        id: 'linux.group',
        title: 'with a number',
        with: { name: 'laws', gid: 4100 },
        make: groups,
        crashes: false,
      }),
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
        crashes: false,
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
        crashes: false,
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
      subject({
        id: 'linux.group-visible',
        title: 'a stale cache of sssd',
        with: lalice,
        make: stale,
        crashes: false,
      }),
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
      subject({
        id: 'linux.sssd-flush',
        title: 'a stale cache of sssd',
        with: lalice,
        make: stale,
        crashes: false,
      }),
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
    ],
    { connect: () => reach(host) },
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
});
