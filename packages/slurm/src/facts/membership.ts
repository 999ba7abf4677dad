import { type Fact, type RunResult, runFact } from '@claw-run/core';

/** The primary group's number of a user; `null` where there is no such user. */
export function primaryGroup(user: string): Fact<'host', string | null> {
  return runFact({
    key: `passwd ${user} gid`,
    argv: ['getent', 'passwd', '--', user],
    about: [`account ${user}`],
    parse: ({ stdout }: RunResult) => stdout.trim().split(':')[3] ?? null,
  });
}

/** Groups as NSS has them at this moment, which is what slurmctld asks when it reads them (getgrnam_r): number and listed members. */
export type Members = {
  readonly [group: string]: { readonly gid: string; readonly members: readonly string[] };
};

export function members(groups: readonly string[]): Fact<'host', Members> {
  const [first = 'root', ...rest] = groups;
  return runFact({
    key: `groups ${groups.join(', ')}`,
    argv: ['getent', 'group', '--', first, ...rest],
    about: [...groups.map((group) => `group ${group}`), 'file /etc/group', 'cache sssd'],
    parse: ({ stdout }: RunResult) =>
      Object.fromEntries(
        stdout.split('\n').flatMap((line) => {
          const [name = '', , gid = '', listed = ''] = line.split(':');
          return name === '' ? [] : [[name, { gid, members: listed.split(',').filter(Boolean) }]];
        }),
      ),
  });
}

/** The groups of these that a user belongs to. */
export function groupsWith(user: string, gid: string | null, seen: Members): readonly string[] {
  return Object.entries(seen).flatMap(([name, group]) =>
    group.gid === gid || group.members.includes(user) ? [name] : [],
  );
}
