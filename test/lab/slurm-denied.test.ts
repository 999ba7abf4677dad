import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '@claw-run/core';
import { linux } from '@claw-run/linux';
import { slurm } from '@claw-run/slurm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';
import { nodeReady } from './support/slurm.ts';
import { arrangeRunbook, type Bench, changing, found, reach, told } from './support/try-runbook.ts';
import { goWholeWay } from './support/whole-way.ts';

const why = whyNoLab();
if (why !== undefined) console.error(`slurm-partition-denied is not tried: ${why}`);

const directory = { bindDn: 'cn=admin,dc=claw,dc=test', passwordFile: '/root/ldap.password' };
const ldap = `-x -H ldap://127.0.0.1 -D ${directory.bindDn} -y ${directory.passwordFile}`;
const inDirectory = (change: 'add' | 'delete') => `ldapmodify ${ldap} >/dev/null 2>&1 <<'E' || true
dn: cn=claw-ldap,ou=groups,dc=claw,dc=test
changetype: modify
${change}: memberUid
memberUid: lalice
E`;

/** What each world is made of: a healthy one for both users, broken in one way. The order is that in which they happen. */
const worlds = {
  'local group': {
    users: ['alice'],
    causes: ['group'],
    break: 'gpasswd -d alice claw-users >/dev/null; scontrol reconfigure',
  },
  'directory group': {
    users: ['lalice'],
    causes: ['group'],
    break: `${inDirectory('delete')}
sss_cache -E; scontrol reconfigure`,
  },
  'cache of sssd': {
    users: ['lalice'],
    causes: ['name-cache'],
    break: `${inDirectory('delete')}
sss_cache -E; id lalice >/dev/null; getent group claw-ldap >/dev/null; scontrol reconfigure; ${inDirectory('add')}`,
  },
  'cache of slurmctld': {
    users: ['alice'],
    causes: ['slurm-cache'],
    break: 'gpasswd -d alice claw-users >/dev/null; scontrol reconfigure; usermod -aG claw-users alice',
  },
  'cache of slurmctld, directory': {
    users: ['lalice'],
    causes: ['slurm-cache'],
    break: `${inDirectory('delete')}
sss_cache -E; scontrol reconfigure; ${inDirectory('add')}
sss_cache -E`,
  },
  'narrow AllowGroups': {
    users: ['alice', 'lalice'],
    causes: ['allow-groups'],
    break: `sed -i '/^PartitionName=claw /s/AllowGroups=\\S*/AllowGroups=root/' /etc/slurm/slurm.conf; scontrol reconfigure`,
  },
  'AllowGroups that slurmctld has not read': {
    users: ['alice'],
    causes: ['allow-groups'],
    break: 'scontrol update PartitionName=claw AllowGroups=root',
  },
} as const;
type World = keyof typeof worlds;

const tried: readonly (readonly World[])[] = [
  [],
  ...(Object.keys(worlds) as World[]).map((world) => [world]),
  ['local group', 'narrow AllowGroups'],
  ['directory group', 'narrow AllowGroups'],
  ['cache of sssd', 'narrow AllowGroups'],
  ['local group', 'AllowGroups that slurmctld has not read'],
];

/** Which of sssd's two caches is found stale depends on when the user last logged in (pam_id_timeout, 5 s): either is that cause. */
function onlyOne(causes: readonly string[]): readonly string[] {
  return [...new Set(causes.map((id) => (id === 'member-list' ? 'name-cache' : id)))].toSorted();
}

describe.skipIf(why !== undefined)('slurm-partition-denied on a host of the lab', () => {
  let host: LabHost;
  let folder: string;
  let controller: Connection<'host'>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claw-run-slurm-denied-'));
    host = await upHost('sd-slurm', { slurm: true, ldap: true, ldapCacheSeconds: 3600 });
    await host.sh('cp -p /etc/slurm/slurm.conf /root/slurm.conf.lab');
    controller = await reach(host);
  });
  afterAll(async () => {
    await controller?.close();
    await host?.down();
    await rm(folder, { recursive: true, force: true });
  });

  const make = (names: readonly World[]) =>
    host.sh('bash -es', {
      input: [
        `sed '/^PartitionName=claw /s/AllowGroups=.*/AllowGroups=claw-users,claw-ldap # who may/' /root/slurm.conf.lab > /etc/slurm/slurm.conf`,
        'usermod -aG claw-users alice',
        inDirectory('add'),
        'sss_cache -E; getent group claw-ldap >/dev/null',
        'scontrol reconfigure',
        nodeReady,
        ...names.map((name) => worlds[name].break),
      ].join('\n'),
    });
  /** Everything that the runbook may change, to the byte. */
  const snapshot = () =>
    host.sh(
      `sha256sum /etc/group /etc/gshadow /etc/passwd /etc/slurm/slurm.conf; stat -c '%n %a %U %G' /etc/group /etc/gshadow /etc/slurm/slurm.conf; scontrol show partition claw -o; ldapsearch ${ldap} -LLL -b dc=claw,dc=test '(cn=claw-ldap)'`,
    );
  /** Who changed what last: the files and the directory's own times. */
  const times = () =>
    host.sh(
      `stat -c '%n %Z' /etc/group /etc/gshadow /etc/slurm/slurm.conf; ldapsearch ${ldap} -LLL -b dc=claw,dc=test '(cn=claw-ldap)' modifyTimestamp entryCSN; squeue -h -t all -o %i`,
    );
  const benchFor = (user: string): Promise<Bench> =>
    arrangeRunbook({
      name: 'slurm-partition-denied',
      libraries: [linux, slurm],
      connections: { controller },
      params: {
        user,
        partition: 'claw',
        group: user === 'lalice' ? 'claw-ldap' : 'claw-users',
        directory: user === 'lalice' ? directory : {},
      },
      folder,
    });

  const uses = tried.flatMap((names) =>
    (names.length === 0 ? ['alice'] : worlds[names[0] as World].users).map((user) => ({ names, user })),
  );
  test.each(
    uses.map((use) => ({ ...use, title: `${use.names.join(' and ') || 'a healthy world'}, ${use.user}` })),
  )('$title: found, mended, proved, settled and undone', async ({ names, user }) => {
    await make(names);
    const causes = [...new Set(names.flatMap((name): readonly string[] => worlds[name].causes))].toSorted();
    const bench = await benchFor(user);
    const proof = async () =>
      expect(await host.sh('sbatch --test-only -p claw --wrap true', { user })).toBe('');
    await goWholeWay({ bench, causes, snapshot, times, proof, counted: onlyOne });
  });

  test.each(['cache of slurmctld', 'cache of sssd'] as const)(
    'a world that is mended but for the %s is not called mended, though root may submit',
    async (name) => {
      await make([name]);
      expect(await host.sh('sbatch --test-only -p claw --wrap true 2>&1')).toContain('to start at');
      const { users } = worlds[name];
      const bench = await benchFor(users[0]);
      const left = await bench.go({ select: () => 'left out' });
      expect(left.outcome.status, told(left)).toBe('verification-failed');
      expect(left.outcome.problems.map(({ message }) => message).join('\n')).toContain(
        `slurmctld refuses ${users[0]} in claw: User's group not permitted to use this partition`,
      );
    },
  );

  test.each([{ names: [] }, { names: ['local group'] }] as const)(
    'a drained node is told and left as it is; what else was wrong ($names) is mended and proved',
    async ({ names }) => {
      await make(names);
      await host.sh("scontrol update NodeName=$(hostname -s) State=DRAIN Reason='fan is slow'");
      const bench = await benchFor('alice');
      const before = await snapshot();

      const mended = await bench.go();
      expect({ status: mended.outcome.status, found: found(mended) }, told(mended)).toEqual({
        status: 'unresolved',
        found: [...names.map(() => 'group'), 'unavailable'],
      });
      expect(told(mended)).toContain('is drained (fan is slow)');
      expect(await host.sh("sinfo -h -N -p claw -o '%T %E'")).toBe('drained fan is slow');
      expect(
        await host.sh('sbatch --test-only -p claw --wrap true 2>&1 || true', { user: 'alice' }),
      ).toContain('Requested node configuration is not available');
      const again = await bench.go();
      expect({ found: found(again), changing: changing(again) }, told(again)).toEqual({
        found: ['unavailable'],
        changing: [],
      });
      if (names.length === 0) return;

      const undone = await bench.undo(mended.outcome.run);
      expect(undone.outcome.status, told(undone)).toBe('ok');
      expect(await snapshot()).toEqual(before);
    },
  );
});
