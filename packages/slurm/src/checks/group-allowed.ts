import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { configuredGroups } from '../edit/partition-line.ts';
import { runningPartition, slurmConf, textOfGroups } from '../facts/partition.ts';
import * as inputs from '../inputs.ts';

export const groupAllowed = defineCheck({
  id: 'slurm.group-allowed',
  on: 'host',
  summary: 'A partition lets the members of a group in, now and after the next start of slurmctld',
  description:
    'Compares AllowGroups of the running partition and of slurm.conf: they differ where the file was changed and slurmctld was not told, or the other way round.',
  input: z.strictObject({
    partition: inputs.partition,
    group: inputs.group,
    config: inputs.config,
    sudo: inputs.sudo,
  }),
  examples: [{ title: 'The users of a cluster', with: { partition: 'gpu', group: 'gpu-users' } }],
  facts: (input) => ({
    running: runningPartition(input.partition),
    conf: slurmConf(input.config, input.sudo),
  }),
  expect: ({ partition, group, config }, { running, conf }) => {
    if (running === null)
      return unknown(`there is no partition ${partition}; sinfo lists those that there are`);
    const configured = configuredGroups(conf ?? '', partition);
    const evidence = {
      running: textOfGroups(running.groups),
      configured: configured === undefined ? null : textOfGroups(configured.groups),
    };
    const lacks = (groups: readonly string[] | null) => groups !== null && !groups.includes(group);
    if (lacks(running.groups)) {
      const told =
        configured === undefined || lacks(configured.groups)
          ? ''
          : `; ${config} lists it, but slurmctld has not read that yet`;
      return fail(
        `AllowGroups of partition ${partition} is ${evidence.running}, without ${group}${told}`,
        evidence,
      );
    }
    if (configured !== undefined && lacks(configured.groups))
      return fail(
        `slurmctld lets ${group} use ${partition} only until it starts anew: AllowGroups in ${config} is ${evidence.configured}`,
        evidence,
      );
    return pass(`AllowGroups of partition ${partition} is ${evidence.running}`, evidence);
  },
});
