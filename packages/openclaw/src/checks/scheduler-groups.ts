import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { schedulerGroups } from '../facts/scheduler-groups.ts';
import * as inputs from '../scheduler/inputs.ts';

export const schedulerGroupsCheck = defineCheck({
  id: 'openclaw.scheduler-groups',
  on: 'host',
  summary: "The scheduler's own cache has a user in a group that the user belongs to",
  description:
    'The scheduler keeps the groups of a user for `group_cache` after it asked for them. Give what the groups are on its host as `belongs` (`openclaw.account`): a user who does not belong is not the ' +
    "cache's fault.",
  input: z.strictObject({
    user: inputs.user,
    group: inputs.group,
    belongs: z
      .boolean()
      .default(true)
      .describe("Whether the scheduler's host has the user in the group by now"),
  }),
  examples: [{ title: 'After Alice joined', with: { user: 'alice', group: 'claw-users' } }],
  facts: ({ user }) => ({ cached: schedulerGroups(user) }),
  expect: ({ user, group, belongs }, { cached }) => {
    if (!belongs)
      return pass(`${user} is not in ${group} on the scheduler's host, so its cache is not to blame`);
    if ('problem' in cached) return unknown(cached.problem);
    if (cached.groups.includes(group)) return pass(`the scheduler has ${user} in ${group}`, cached);
    return fail(
      `the scheduler has ${user} in ${cached.groups.join(', ') || 'no group'}, without ${group}; it keeps that for ${cached.ttlSeconds} s`,
      cached,
    );
  },
});
