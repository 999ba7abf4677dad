import { type Fact, type RunResult, runFact } from '@claw-run/core';
import { failed } from '../lib/exit.ts';

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
