import { defineEvent, type HostAction } from '@claw-run/core';
import * as z from 'zod';
import { partitionTopic } from '../facts/partition.ts';
import { permission } from '../facts/permission.ts';
import * as inputs from '../inputs.ts';

export const reconfigure = defineEvent({
  id: 'slurm.reconfigure',
  on: 'host',
  summary: 'slurmctld has read its configuration and the groups of its partitions again',
  description:
    'Needed where slurmctld refuses the user for lack of a group. It flushes the list of users that slurmctld keeps for each partition; running and pending jobs stay ' +
    '(scontrol(1), "reconfigure"). Done once slurmctld lets the user in: while it still refuses, a cache below it (sssd, nscd) may be what is stale.',
  risk: 'routine',
  settlesWithinSeconds: 30,
  input: z.strictObject({
    user: inputs.user,
    partition: inputs.partition,
    group: inputs.group.optional().describe('Group whose list of members sssd is to forget before'),
    sudo: inputs.sudo,
  }),
  examples: [{ title: 'After Alice joined a group', with: { user: 'alice', partition: 'gpu' } }],
  facts: (input) => ({ permission: permission(input.user, input.partition) }),
  needed: ({ user, partition }, seen) =>
    seen.permission.answer === 'refused'
      ? `slurmctld refuses ${user} in ${partition}: ${seen.permission.said}`
      : undefined,
  actions: ({ partition, group, sudo }) => [
    ...(group === undefined ? [] : [forget(group, sudo)]),
    {
      do: 'run',
      argv: ['scontrol', 'reconfigure'],
      ...(sudo ? { sudo } : {}),
      changes: [partitionTopic(partition)],
      timeoutSeconds: 60,
    },
  ],
  done: ({ user, partition }, { permission: { answer, said } }) =>
    answer === 'permitted'
      ? { progress: 'done', because: `slurmctld lets ${user} use ${partition}: ${said}` }
      : {
          progress: 'pending',
          because: `slurmctld has read the groups again and still refuses ${user} in ${partition}: ${said}`,
        },
  undo: { again: 'slurmctld reads the groups as they were' },
});

/** A host without sssd, and a group that is not of sssd, have nothing to forget. */
function forget(group: string, sudo: boolean): HostAction {
  const script = 'if command -v sss_cache >/dev/null; then sss_cache -g "$1" 2>/dev/null || true; fi';
  const changes = ['cache sssd'];
  return { do: 'run', argv: ['sh', '-c', script, 'sh', group], ...(sudo ? { sudo } : {}), changes };
}
