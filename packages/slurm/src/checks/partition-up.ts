import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { type Node, nodes, runsJobs } from '../facts/nodes.ts';
import { runningPartition } from '../facts/partition.ts';
import * as inputs from '../inputs.ts';

export const partitionUp = defineCheck({
  id: 'slurm.partition-up',
  on: 'host',
  summary: 'A partition is up and has a node that runs jobs',
  description:
    'A partition that is not up refuses or holds the jobs of everybody, and jobs wait where all of its nodes are drained, down or silent. Both are most often what ' +
    'somebody wants for a while, or a fault of the machine: told with the reason that was given, and changed by no step.',
  input: z.strictObject({ partition: inputs.partition }),
  examples: [{ title: 'The GPUs', with: { partition: 'gpu' } }],
  facts: (input) => ({ running: runningPartition(input.partition), nodes: nodes(input.partition) }),
  expect: ({ partition }, { running, nodes: all }) => {
    if (running === null)
      return unknown(`there is no partition ${partition}; sinfo lists those that there are`);
    const evidence = { state: running.state, nodes: [...all] };
    if (running.state !== 'UP')
      return fail(
        `partition ${partition} is ${running.state}; \`scontrol update PartitionName=${partition} State=UP\` takes it back into use`,
        evidence,
      );
    if (all.length === 0) return fail(`partition ${partition} has no node`, evidence);
    const up = all.filter(runsJobs);
    return up.length === 0
      ? fail(
          `no node of ${partition} runs jobs: ${all.slice(0, 5).map(described).join(', ')}${all.length > 5 ? ` and ${all.length - 5} more` : ''}`,
          evidence,
        )
      : pass(`${up.length} of ${all.length} nodes of ${partition} run jobs`, evidence);
  },
});

function described({ name, state, reason }: Node): string {
  const why = state.endsWith('*') ? 'it does not answer' : reason;
  return `${name} is ${state.replace('*', '')}${why === '' ? '' : ` (${why})`}`;
}
