import { defineState, type HostAction, refused } from '@claw-run/core';
import * as z from 'zod';
import { configuredGroups, withGroups } from '../edit/partition-line.ts';
import { partitionTopic, runningPartition, slurmConf, textOfGroups } from '../facts/partition.ts';
import * as inputs from '../inputs.ts';

export const partitionGroup = defineState({
  id: 'slurm.partition-group',
  on: 'host',
  summary: 'A partition lets the members of a group in, now and after the next start of slurmctld',
  description:
    'Adds the group to AllowGroups of the partition in slurm.conf, every other byte of which stays, and of the running partition (scontrol(1), "update"), so that nothing ' +
    'else of slurm.conf takes effect with it. A partition that lets everybody in is left as it is.',
  risk: 'routine',
  input: z.strictObject({
    partition: inputs.partition,
    group: inputs.group,
    config: inputs.config,
    sudo: inputs.sudo,
  }),
  examples: [{ title: 'Let a group in', with: { partition: 'gpu', group: 'gpu-users' } }],
  facts: (input) => ({
    conf: slurmConf(input.config, input.sudo),
    running: runningPartition(input.partition),
  }),
  desire: ({ partition, group, config }, { conf, running }) => {
    if (running === null)
      return refused(
        `there is no partition ${partition}`,
        'correct `partition`; sinfo lists those that there are',
      );
    const configured = conf === null ? undefined : configuredGroups(conf, partition);
    if (conf === null || configured === undefined)
      return refused(
        conf === null ? `there is no file ${config}` : `${config} has no line for partition ${partition}`,
        'name the file that has its line with `config` (scontrol show config | grep SLURM_CONF; it may include others)',
      );
    return {
      conf: lets(configured.groups, group)
        ? conf
        : withGroups(conf, partition, joined(configured.groups, group)),
      running: { ...running, groups: joined(running.groups, group) },
    };
  },
  actions: (from, to, { partition, config, sudo }) => {
    const how = sudo ? { sudo } : {};
    const write: readonly HostAction[] =
      from.conf === to.conf || to.conf === null
        ? []
        : [{ do: 'write', path: config, content: to.conf, ...how }];
    const [before, after] = [from.running, to.running].map((one) => textOfGroups(one?.groups ?? null));
    const argv = ['scontrol', 'update', `PartitionName=${partition}`, `AllowGroups=${after}`] as const;
    return before === after
      ? write
      : [...write, { do: 'run', argv, ...how, changes: [partitionTopic(partition)] }];
  },
});

/** `null` is everybody. */
function lets(groups: readonly string[] | null, group: string): boolean {
  return groups === null || groups.includes(group);
}

function joined(groups: readonly string[] | null, group: string): readonly string[] | null {
  return groups === null || lets(groups, group) ? groups : [...groups, group];
}
