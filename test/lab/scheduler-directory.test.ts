import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '@claw-run/core';
import { linux } from '@claw-run/linux';
import { openclaw } from '@claw-run/openclaw';
import type { HeadNodeScenario } from '@claw-run/sandbox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';
import { type HeadNode, setUpHeadNode } from './support/scheduler.ts';
import { arrangeRunbook, type Bench, reach, told } from './support/try-runbook.ts';
import { goWholeWay } from './support/whole-way.ts';

const why = whyNoLab();
if (why !== undefined) console.error(`scheduler-denied is not tried with a directory: ${why}`);

const directory = { bindDn: 'cn=admin,dc=claw,dc=test', passwordFile: '/root/ldap.password' };
const ldap = `-x -H ldap://127.0.0.1 -D ${directory.bindDn} -y ${directory.passwordFile}`;
const joined = `ldapmodify ${ldap} >/dev/null <<'E'
dn: cn=claw-ldap,ou=groups,dc=claw,dc=test
changetype: modify
add: memberUid
memberUid: lalice
E`;

/** What each world is made of: scenarios, and what happens after; sssd has then cached what was before. */
const worlds: {
  readonly [title: string]: {
    readonly scenarios: readonly HeadNodeScenario[];
    readonly after?: string;
    readonly causes: readonly string[];
  };
} = {
  healthy: { scenarios: [], causes: [] },
  'the directory lacks her': { scenarios: ['group-ldap'], causes: ['group'] },
  'the directory has her, and sssd still says no': {
    scenarios: ['group-ldap'],
    after: joined,
    causes: ['name-cache'],
  },
  'the name service has her, and the scheduler still says no': {
    scenarios: ['group-ldap'],
    after: `sed -i 's/group_cache: .*/group_cache: 1h/' /etc/claw-scheduler/config.yaml
systemctl restart claw-scheduler; until clw health >/dev/null 2>&1; do sleep 0.1; done
su - lalice -c 'clw groups' >/dev/null
${joined}
sss_cache -E; id lalice >/dev/null`,
    causes: ['scheduler-cache'],
  },
  'the directory lacks her, and her token has expired': {
    scenarios: ['group-ldap', 'token-expired'],
    causes: ['group', 'token-expired'],
  },
};

describe.skipIf(why !== undefined)('scheduler-denied where the group is held in a directory', () => {
  let host: LabHost;
  let head: HeadNode;
  let folder: string;
  let connection: Connection<'host'>;
  let bench: Bench;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claw-run-scheduler-directory-'));
    host = await upHost('sd2-ldap', { node: true, ldap: true, ldapCacheSeconds: 3600 });
    // a login would renew what sssd keeps of its user, five seconds after the last one
    await host.sh("printf '[pam]\\npam_id_timeout = 3600\\n' >> /etc/sssd/sssd.conf; systemctl restart sssd");
    head = await setUpHeadNode(host, { kind: 'ldap' });
    connection = await reach(host);
    bench = await arrangeRunbook({
      name: 'scheduler-denied',
      libraries: [linux, openclaw],
      connections: { head: connection, client: connection },
      params: {
        user: 'lalice',
        'second-user': 'bob',
        group: 'claw-ldap',
        directory,
        jobs: 3,
        'limit-ms': 20_000,
      },
      folder,
    });
  });
  afterAll(async () => {
    await connection?.close();
    await host?.down();
    await rm(folder, { recursive: true, force: true });
  });

  const make = async ({ scenarios, after }: (typeof worlds)[string]) => {
    await head.apply(scenarios);
    if (after !== undefined) await host.sh(after);
  };
  const snapshot = () =>
    host.sh(`for f in /etc/group /etc/gshadow /etc/passwd /etc/sssd/sssd.conf /etc/claw-scheduler/config.yaml /home/lalice/.claw/config.yaml; do sha256sum $f; stat -c '%a %U %G' $f; done
    ldapsearch ${ldap} -LLL -b dc=claw,dc=test '(cn=claw-ldap)'; systemctl is-active claw-scheduler; ls /home/lalice/.claw | grep -v clw.log`);
  const times = () =>
    host.sh(
      `stat -c '%n %Z' /etc/group /etc/gshadow /etc/claw-scheduler/config.yaml /home/lalice/.claw/config.yaml; ldapsearch ${ldap} -LLL -b dc=claw,dc=test '(cn=claw-ldap)' modifyTimestamp entryCSN; systemctl show -p MainPID claw-scheduler; ls /var/spool/claw-scheduler`,
    );
  const proof = async () => {
    expect(await head.as('lalice', 'clw list && id -nG')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/\bclaw-ldap\b/),
    });
    expect(await host.sh('grep -c claw-ldap /etc/group || true'), 'no local group hides the directory').toBe(
      '0',
    );
  };

  test.each(Object.entries(worlds))(
    '%s: found, mended, proved, settled and undone',
    async (_title, world) => {
      await make(world);
      await goWholeWay({ bench, causes: world.causes, snapshot, times, proof });
    },
  );

  test.each([
    { world: 'the directory lacks her', says: 'the directory does not have lalice in claw-ldap' },
    {
      world: 'the directory has her, and sssd still says no',
      says: 'the cache of sssd still lacks lalice in claw-ldap, while the directory has lalice in claw-ldap',
    },
    {
      world: 'the name service has her, and the scheduler still says no',
      says: 'the scheduler has lalice in',
    },
  ])('$world: is not called mended while it lasts', async ({ world, says }) => {
    await make(worlds[world] ?? { scenarios: [], causes: [] });
    const left = await bench.go({ select: () => 'left out' });
    expect(left.outcome.status, told(left)).toBe('verification-failed');
    expect(left.outcome.problems.map(({ message }) => message).join('\n')).toContain(says);
  });
});
