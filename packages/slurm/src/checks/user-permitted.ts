import { defineCheck, fail, pass } from '@claw-run/core';
import * as z from 'zod';
import { permission } from '../facts/permission.ts';
import * as inputs from '../inputs.ts';

export const userPermitted = defineCheck({
  id: 'slurm.user-permitted',
  on: 'host',
  summary: 'slurmctld takes a job of a user for a partition',
  description: 'Asks `sbatch --test-only` as the user in a fresh session; nothing is submitted.',
  input: z.strictObject({ user: inputs.user, partition: inputs.partition }),
  examples: [{ title: 'Alice may use the GPUs', with: { user: 'alice', partition: 'gpu' } }],
  facts: (input) => ({ permission: permission(input.user, input.partition) }),
  expect: ({ user, partition }, { permission: { answer, said } }) =>
    answer === 'permitted'
      ? pass(`slurmctld takes a job of ${user} for ${partition}`)
      : fail(`slurmctld refuses ${user} in ${partition}: ${said}`, said),
});
