import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { completedJobs } from '../facts/cli.ts';

export const jobCompleted = defineCheck({
  id: 'openclaw.job-completed',
  on: 'host',
  summary: 'A job of a namespace has completed',
  description: 'Asks `openclaw job list --status completed`, on a host where the CLI is set up.',
  input: z.strictObject({
    namespace: z.string().min(1).describe('Namespace of the job'),
    name: z.string().min(1).optional().describe('Name of the job; any job where absent'),
  }),
  examples: [{ title: 'The test job', with: { namespace: 'production', name: 'test-job-verification' } }],
  facts: (input) => ({ jobs: completedJobs(input.namespace) }),
  expect: (input, seen) => {
    if (!seen.jobs.ok) return unknown(seen.jobs.because);
    const names = seen.jobs.items.filter((one) => one.status === 'COMPLETED').map((one) => one.name);
    const what = input.name === undefined ? 'job' : `job ${input.name}`;
    return (input.name === undefined ? names.length > 0 : names.includes(input.name))
      ? pass(`${what} in ${input.namespace} has completed`, names)
      : fail(`no ${what} in ${input.namespace} has completed`, names);
  },
});
