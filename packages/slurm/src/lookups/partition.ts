import { defineLookup } from '@claw-run/core';
import * as z from 'zod';
import { runningPartition } from '../facts/partition.ts';
import * as inputs from '../inputs.ts';

export const partition = defineLookup({
  id: 'slurm.partition',
  on: 'host',
  summary: 'Whom a partition lets in, as slurmctld runs it',
  input: z.strictObject({ partition: inputs.partition }),
  examples: [{ title: 'A partition', with: { partition: 'gpu' } }],
  facts: (input) => ({ running: runningPartition(input.partition) }),
  output: z.object({
    groups: z.array(z.string()).describe('AllowGroups; empty where everybody may'),
    everybody: z.boolean(),
    state: z.string().describe('UP, DOWN, DRAIN or INACTIVE'),
  }),
  value: (_input, { running }) =>
    running === null
      ? undefined
      : { groups: running.groups ?? [], everybody: running.groups === null, state: running.state },
});
