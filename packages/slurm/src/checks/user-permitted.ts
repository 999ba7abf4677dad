import { defineCheck, fail, pass } from '@claw-run/core';
import * as z from 'zod';
import { permission } from '../facts/permission.ts';
import * as inputs from '../inputs.ts';

export const userPermitted = defineCheck({
  id: 'slurm.user-permitted',
  on: 'host',
  summary: 'slurmctld lets a user submit to a partition',
  description:
    'Asks `sbatch --test-only` as the user in a fresh session; nothing is submitted. Holds also while no node can run the job, which `slurm.partition-up` tells.',
  input: z.strictObject({ user: inputs.user, partition: inputs.partition }),
  examples: [{ title: 'Alice may use the GPUs', with: { user: 'alice', partition: 'gpu' } }],
  facts: (input) => ({ permission: permission(input.user, input.partition) }),
  expect: ({ user, partition }, { permission: { answer, said } }) =>
    answer === 'permitted'
      ? pass(`slurmctld lets ${user} use ${partition}: ${said}`)
      : fail(`slurmctld refuses ${user} in ${partition}: ${said}`, said),
});
