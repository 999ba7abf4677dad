import { type Argv, type Fact, type RunResult, runFact } from '@claw-run/core';
import { failed } from '../lib/exit.ts';

/** The group ids that a user would get by logging in now, as sssd answers; `null` where sssd knows no such user or does not run. */
export function sssdGids(user: string, group: string): Fact<'host', readonly number[] | null> {
  return runFact({
    key: `groups of ${user} by sssd`,
    argv: ['getent', '-s', 'sss', 'initgroups', user],
    about: [`group ${group}`, `account ${user}`, 'cache sssd'],
    parse: (result) => {
      if (result.exit === 2) return null;
      if (result.exit !== 0) throw failed('getent', result);
      return numbers(result.stdout.split(/\s+/).slice(1));
    },
  });
}

/** The group ids that a user would get by logging in now, by all that the host asks, nscd included; `null` where there is no such user. */
export function loginGids(user: string, group: string): Fact<'host', readonly number[] | null> {
  return runFact({
    key: `groups of ${user}`,
    argv: ['id', '-G', '--', user],
    about: [`group ${group}`, `account ${user}`, 'file /etc/group', 'cache sssd', 'cache nscd'],
    parse: ({ exit, stdout }) => (exit === 0 ? numbers(stdout.split(/\s+/)) : null),
  });
}

/** nscd where it runs and caches groups. */
export type Nscd = { readonly keepsSeconds: number };

/** `null` where nscd does not run, is not there, or leaves groups alone. */
export function nscd(): Fact<'host', Nscd | null> {
  return runFact({
    key: 'nscd',
    // a host without nscd lacks nothing
    argv: ['sh', '-c', 'command -v nscd >/dev/null || exit 3; exec nscd -g'],
    sudo: true,
    about: ['service nscd.service'],
    parse: ({ exit, stdout }) => (exit === 0 ? parseNscd(stdout) : null),
  });
}

/** What `nscd -g` says of the cache of groups. */
export function parseNscd(text: string): Nscd | null {
  const sections = text.split(/^(?=\w+ cache:$)/m);
  const groups = sections.find((section) => section.startsWith('group cache:')) ?? '';
  const keeps = /(\d+)\s+seconds time to live for positive entries/.exec(groups)?.[1];
  return /^\s*yes\s+cache is enabled/m.test(groups) && keeps !== undefined
    ? { keepsSeconds: Number(keeps) }
    : null;
}

/** A command that prints the groups of a user as a scheduler sees them. */
export interface SchedulerAsked {
  readonly groups: Argv;
  readonly as?: string | undefined;
  readonly sudo: boolean;
}

/** The words of what a scheduler says of a user, names and numbers; or why it says nothing. */
export type SchedulerGroups =
  | { readonly ok: true; readonly words: readonly string[] }
  | { readonly ok: false; readonly because: string };

export function schedulerGroups(asked: SchedulerAsked, group: string): Fact<'host', SchedulerGroups> {
  return runFact({
    key: asked.groups.join(' '),
    argv: asked.groups,
    ...(asked.as === undefined ? {} : { as: asked.as }),
    ...(asked.sudo ? { sudo: true } : {}),
    about: [`group ${group}`, 'cache sssd', 'cache nscd', 'cache scheduler', 'process'],
    parse: (result) => schedulerSays(asked.groups[0], result),
  });
}

function schedulerSays(program: string, result: RunResult): SchedulerGroups {
  if (result.exit !== 0) return { ok: false, because: failed(program, result).message };
  return { ok: true, words: [...new Set(result.stdout.split(/[^\w.@+-]+/u).filter((word) => word !== ''))] };
}

function numbers(words: readonly string[]): readonly number[] {
  return words.filter((word) => /^\d+$/.test(word)).map(Number);
}
