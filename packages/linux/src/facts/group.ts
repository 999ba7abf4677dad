import { type Fact, type RunResult, runFact } from '@claw-run/core';
import { failed, stdoutOf } from '../lib/exit.ts';

/** An entry of the group database (group(5)); `shadowed` where its password field says that gshadow(5) has more. */
export type Group = {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
  readonly shadowed: boolean;
};

/** The group as /etc/group has it; `null` when it is not there. */
export function localGroup(name: string): Fact<'host', Group | null> {
  return runFact({
    key: `local group ${name}`,
    argv: ['getent', '-s', 'files', 'group', name],
    about: [`group ${name}`, 'file /etc/group'],
    parse: parseGroup,
  });
}

/** The group as programs of the host see it, from wherever; `null` when they see none. */
export function knownGroup(name: string | number): Fact<'host', Group | null> {
  return runFact({
    key: `group ${name}`,
    argv: ['getent', 'group', `${name}`],
    about: [`group ${name}`, 'file /etc/group', 'cache sssd'],
    parse: parseGroup,
  });
}

/** The members that gshadow(5) has for a local group; `null` where it has no line for it. Only root may look. */
export function shadowMembers(name: string): Fact<'host', readonly string[] | null> {
  return runFact({
    key: `gshadow ${name}`,
    argv: ['getent', '-s', 'files', 'gshadow', name],
    sudo: true,
    about: [`group ${name}`, 'file /etc/gshadow'],
    parse: (result) => {
      const line = entry(result);
      return line === null ? null : list(line.split(':')[3]);
    },
  });
}

/**
 * A group that other sources than /etc/group have under a name or a number, past every cache of nscd; `null` when they have none.
 * Sources that a host has not got are passed over.
 */
export function groupElsewhere(name: string, gid?: number): Fact<'host', Group | null> {
  const asked = gid === undefined ? [name] : [name, `${gid}`];
  return runFact({
    key: `group ${asked.join(' or ')} of a directory`,
    argv: ['getent', '-s', 'sss ldap winbind nis', 'group', ...asked],
    about: [`group ${name}`, 'cache sssd'],
    // getent(1) ends with 2 where one of two is missing
    parse: (result) => (result.stdout === '' ? parseGroup(result) : parseGroup({ ...result, exit: 0 })),
  });
}

/** What gshadow(5) has of a group. `password` is `null` where it is a hash: a secret that nobody has to know. */
export type ShadowEntry = {
  readonly password: string | null;
  readonly administrators: readonly string[];
  readonly members: readonly string[];
};

/** The line that gshadow(5) has for a local group; `null` where it has none. Only root may look. */
export function shadowEntry(name: string): Fact<'host', ShadowEntry | null> {
  return runFact({
    key: `gshadow entry ${name}`,
    argv: ['getent', '-s', 'files', 'gshadow', name],
    sudo: true,
    about: [`group ${name}`, 'file /etc/gshadow'],
    parse: (result) => {
      const line = entry(result);
      if (line === null) return null;
      const [, password = '', administrators, members] = line.split(':');
      return {
        password: /^[!*]*$/.test(password) ? password : null,
        administrators: list(administrators),
        members: list(members),
      };
    },
  });
}

const primaryUsers = `
IFS=: read -r _ _ group _ <<E
$(getent -s files group "$1")
E
[ -n "$group" ] || exit 0
while IFS=: read -r name _ _ gid _; do [ "$gid" != "$group" ] || echo "$name"; done </etc/passwd
`;

/** The local users whose primary group it is. */
export function usersOfPrimaryGroup(name: string): Fact<'host', readonly string[]> {
  return runFact({
    key: `users whose primary group is ${name}`,
    argv: ['sh', '-c', primaryUsers, 'primary', name],
    about: [`group ${name}`, 'file /etc/group', 'file /etc/passwd'],
    parse: (result) => stdoutOf('sh', result).split('\n').filter(Boolean),
  });
}

/** Those of the names that are accounts of the host, from wherever. */
export function accountsAmong(names: readonly [string, ...string[]]): Fact<'host', readonly string[]> {
  return runFact({
    key: `accounts among ${names.join(', ')}`,
    argv: ['getent', 'passwd', '--', ...names],
    about: [...names.map((name) => `account ${name}`), 'file /etc/passwd', 'cache sssd'],
    parse: (result) => {
      if (result.exit !== 0 && result.exit !== 2) throw failed('getent', result);
      return result.stdout.split('\n').flatMap((line) => line.split(':')[0] || []);
    },
  });
}

/** @throws ClawError `fact-unreadable` where getent gives no answer: neither found nor not found */
export function parseGroup(result: RunResult): Group | null {
  const line = entry(result);
  if (line === null) return null;
  const [name = '', password = '', gid = '', members = ''] = line.split(':');
  return { name, gid: Number(gid), members: list(members), shadowed: password === 'x' };
}

/** getent(1): 0 is found, 2 is not found. */
function entry(result: RunResult): string | null {
  if (result.exit === 2) return null;
  if (result.exit !== 0) throw failed('getent', result);
  return result.stdout.split('\n')[0] ?? '';
}

function list(text = ''): readonly string[] {
  return text.split(',').filter((name) => name !== '');
}
