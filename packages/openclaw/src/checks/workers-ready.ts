import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { workers } from '../facts/cli.ts';

export const workersReady = defineCheck({
  id: 'openclaw.workers-ready',
  on: 'host',
  summary: 'Every worker of a namespace is READY',
  description: 'Asks `openclaw worker list`, on a host where the CLI is set up.',
  input: z.strictObject({
    namespace: z.string().min(1).describe('Namespace of the workers'),
    'at-least': z.int().min(0).default(1).describe('How many there must be'),
    expect: z.int().min(0).optional().describe('How many there must be, neither more nor less'),
  }),
  examples: [
    { title: 'Production has workers', with: { namespace: 'production' } },
    { title: 'All three', with: { namespace: 'production', expect: 3 } },
  ],
  facts: (input) => ({ workers: workers(input.namespace) }),
  expect: (input, seen) => {
    if (!seen.workers.ok) return unknown(seen.workers.because);
    const all = seen.workers.items;
    const denied = all.filter((one) => one.status !== 'READY');
    const where = `in ${input.namespace}`;
    if (denied.length > 0) {
      const told = denied.map(
        (one) => `${one.id} ${one.status}${one.reason === null ? '' : `: ${one.reason}`}`,
      );
      return fail(`${denied.length} of ${all.length} workers ${where} not READY: ${told.join('; ')}`, all);
    }
    if (input.expect !== undefined && all.length !== input.expect) {
      return fail(`${all.length} workers ${where} READY, where there should be ${input.expect}`, all);
    }
    return all.length < input['at-least']
      ? fail(`${all.length} workers ${where}, where there should be ${input['at-least']} or more`, all)
      : pass(`${all.length} workers ${where}, all READY`, all);
  },
});
