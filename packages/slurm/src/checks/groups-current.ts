import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { groupsWith, members, primaryGroup } from '../facts/membership.ts';
import { runningPartition } from '../facts/partition.ts';
import { permission } from '../facts/permission.ts';
import * as inputs from '../inputs.ts';

export const groupsCurrent = defineCheck({
  id: 'slurm.groups-current',
  on: 'host',
  summary: "slurmctld's list of a partition's users is as the groups are now",
  description:
    'slurmctld turns AllowGroups into a list of users when it starts, at `scontrol reconfigure` and every GroupUpdateTime, and shows it nowhere. So it is told ' +
    'by contradiction: the groups of this host (getent, as slurmctld would ask) have the user, and slurmctld refuses that user all the same. Run it on the host of slurmctld.',
  input: z.strictObject({ user: inputs.user, partition: inputs.partition }),
  examples: [{ title: 'After a change of a group', with: { user: 'alice', partition: 'gpu' } }],
  facts: (input) => ({
    running: runningPartition(input.partition),
    permission: permission(input.user, input.partition),
    gid: primaryGroup(input.user),
  }),
  moreFacts: (_input, { running }) => ({ members: members(running?.groups ?? []) }),
  expect: ({ user, partition }, { running, permission: { answer, said }, gid, members: seen }) => {
    if (answer === 'permitted') return pass(`slurmctld lets ${user} use ${partition}: ${said}`);
    if (answer === 'other' || running === null)
      return unknown(`slurmctld refuses ${user} for another reason: ${said}`);
    const groups = groupsWith(user, gid, seen).filter((name) => running.groups?.includes(name));
    return groups.length === 0
      ? pass(
          `slurmctld is right to refuse ${user}, who is in none of ${running.groups?.join(', ') ?? 'them'}`,
        )
      : fail(
          `${user} is in ${groups.join(', ')} by now, and slurmctld, which has not read the group since, still refuses: ${said}`,
          { groups, said },
        );
  },
});
