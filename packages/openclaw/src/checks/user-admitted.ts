import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { queuesOf } from '../facts/queues.ts';
import * as inputs from '../scheduler/inputs.ts';

export const userAdmitted = defineCheck({
  id: 'openclaw.user-admitted',
  on: 'host',
  summary: 'The scheduler lets a user in',
  description:
    'Asks `clw queues` as the user in a fresh session, past any proxy: whoever may not look may not submit either. Finds the denial that an invalid job file hides, because `clw submit` looks at the file first.',
  input: z.strictObject({ user: inputs.user }),
  examples: [{ title: 'Alice', with: { user: 'alice' } }],
  facts: ({ user }) => ({ queues: queuesOf(user) }),
  expect: ({ user }, { queues }) => {
    if (!('problem' in queues)) return pass(`the scheduler lets ${user} in`);
    return queues.problem.startsWith('clw-scheduler-denied')
      ? fail(`${queues.problem} (runbooks/scheduler-denied.yaml finds out why)`)
      : unknown(queues.problem);
  },
});
