import { defineEvent, type Occasion } from '@claw-run/core';
import * as z from 'zod';
import { type Job, jobPrefix, testJobs } from '../facts/jobs.ts';
import * as inputs from '../inputs.ts';

const going = ['PENDING', 'CONFIGURING', 'RUNNING', 'COMPLETING', 'SUSPENDED', 'REQUEUED'];

export const testJob = defineEvent({
  id: 'slurm.test-job',
  on: 'host',
  summary: 'A job that a user submits to a partition is completed',
  description:
    'Submits a batch job as the user in a fresh session, named after the run, and waits until it is COMPLETED. Its output goes nowhere, and slurmctld forgets it by itself ' +
    '(MinJobAge). Undone by cancelling it where it has not ended.',
  risk: 'routine',
  settlesWithinSeconds: 120,
  input: z.strictObject({
    user: inputs.user,
    partition: inputs.partition,
    command: z.string().min(1).default('true').describe('Line of shell that the job runs'),
    'time-limit': z.int().min(1).default(1).describe('Minutes after which Slurm ends it'),
  }),
  examples: [{ title: 'Alice works on the GPUs', with: { user: 'alice', partition: 'gpu' } }],
  facts: (input) => ({ jobs: testJobs(input.user) }),
  needed: ({ user }, seen, occasion) =>
    seen.jobs[nameFor(occasion)]?.state === 'COMPLETED'
      ? undefined
      : `only a job of ${user} that gets done proves that ${user} may submit`,
  actions: (input, seen, occasion) => {
    const name = nameFor(occasion);
    if (seen.jobs[name] !== undefined) return [];
    const argv = [
      'sbatch',
      '--parsable',
      `--partition=${input.partition}`,
      `--job-name=${name}`,
      `--time=${input['time-limit']}`,
      '--output=/dev/null',
      '--chdir=/',
      `--wrap=${input.command}`,
    ] as const;
    return [{ do: 'run', argv, as: input.user, timeoutSeconds: 60 }];
  },
  done: ({ user, partition }, seen, occasion) => {
    const job = seen.jobs[nameFor(occasion)];
    if (job === undefined)
      return { progress: 'pending', because: `slurmctld knows no job ${nameFor(occasion)}` };
    const what = `job ${job.id} of ${user} in ${partition}`;
    if (job.state === 'COMPLETED') return { progress: 'done', because: `${what} is COMPLETED` };
    if (going.includes(job.state))
      return { progress: 'pending', because: `${what} is ${job.state} (${job.reason})` };
    return {
      progress: 'failed',
      because: `${what} is ${job.state} (${job.reason}); scontrol show job ${job.id} tells more`,
    };
  },
  undo: ({ user }, before, now) =>
    Object.entries(now.jobs)
      .filter(([name, job]) => before.jobs[name] === undefined && isGoing(job))
      .map(([, { id }]) => ({ do: 'run', argv: ['scancel', id], as: user })),
});

function nameFor(occasion: Occasion): string {
  return `${jobPrefix}${occasion.run}`.replaceAll(/[^A-Za-z0-9-]/g, '-');
}

function isGoing({ state }: Job): boolean {
  return going.includes(state);
}
