import { defineCheck, fail, pass, type RunResult, runFact, unknown } from '@claw-run/core';
import * as z from 'zod';
import { groupsWith, members, primaryGroup } from '../facts/membership.ts';
import * as inputs from '../inputs.ts';

export const membersListed = defineCheck({
  id: 'slurm.members-listed',
  on: 'host',
  summary: 'A host lists a user among the members of a group where a new session of the user has it',
  description:
    'Two questions that sssd answers from two caches: which groups a user has (asked at each login, which makes it look into the directory), and who is in a group (getgrnam(3)). ' +
    'slurmctld asks the second, so a user who has the group by `id` can be missing from what slurmctld is told.',
  input: z.strictObject({ user: inputs.user, group: inputs.group }),
  examples: [{ title: 'After a change in LDAP', with: { user: 'alice', group: 'gpu-users' } }],
  facts: ({ user, group }) => ({
    session: runFact({
      key: `groups of a new session of ${user}`,
      argv: ['id', '-nG'],
      as: user,
      about: [`group ${group}`, `account ${user}`, 'file /etc/group', 'cache sssd'],
      parse: ({ exit, stdout }: RunResult) => (exit === 0 ? stdout.trim().split(' ') : null),
    }),
    members: members([group]),
    gid: primaryGroup(user),
  }),
  expect: ({ user, group }, { session, members: seen, gid }) => {
    if (session === null) return unknown(`${user} cannot log in on this host`);
    if (!session.includes(group)) return pass(`a new session of ${user} has not got ${group} either`);
    return groupsWith(user, gid, seen).includes(group)
      ? pass(`${user} is listed in ${group}`)
      : fail(
          `a new session of ${user} has ${group}, and yet the cache of sssd lists the members of ${group} without ${user}`,
          {
            listed: seen[group]?.members ?? [],
          },
        );
  },
});
