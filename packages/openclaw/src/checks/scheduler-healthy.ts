import { defineCheck, fail, pass } from '@claw-run/core';
import * as z from 'zod';
import { clientFact } from '../facts/client.ts';
import * as inputs from '../scheduler/inputs.ts';

export const schedulerHealthy = defineCheck({
  id: 'openclaw.scheduler-healthy',
  on: 'host',
  summary: 'The scheduler answers a host that it is healthy',
  description: 'Asks `clw health` as the user in a fresh session, past any proxy; it takes no token.',
  input: z.strictObject({ user: inputs.user }),
  examples: [{ title: 'From where Alice works', with: { user: 'alice' } }],
  facts: ({ user }) => ({ health: clientFact(user, ['health'], ({ status }) => ({ status: `${status}` })) }),
  expect: (_input, { health }) => {
    if ('problem' in health) return fail(health.problem);
    return health.status === 'healthy'
      ? pass('the scheduler is healthy')
      : fail(`the scheduler is ${health.status}`);
  },
});
