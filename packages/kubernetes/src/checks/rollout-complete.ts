import { defineCheck, fail, nameOf, pass } from '@claw-run/core';
import * as z from 'zod';
import { rollout, rolloutState } from '../facts/rollout.ts';
import { namesOneWorkload, oneWorkload, workloadFields, workloadRef } from '../inputs.ts';

export const rolloutComplete = defineCheck({
  id: 'kubernetes.rollout-complete',
  on: 'cluster',
  summary: 'All pods of a workload are of its present template, ready and available',
  description:
    'What `kubectl rollout status` waits for. Pods of the former template may be ready while the new ones are not: look at this ' +
    'before you trust the pods after a change.',
  input: z.strictObject(workloadFields).refine(namesOneWorkload, oneWorkload),
  examples: [{ title: 'The workers', with: { deployment: 'openclaw-worker', namespace: 'production' } }],
  facts: (input) => ({ rollout: rollout(workloadRef(input)) }),
  expect: (input, seen) => {
    const name = nameOf(workloadRef(input));
    if (seen.rollout === null) return fail(`there is no ${name}`);
    const { complete, because } = rolloutState(seen.rollout);
    if (complete) return pass(`${name}: ${because}`);
    const { stalled } = seen.rollout;
    return fail([`${name}: ${because}`, ...(stalled === null ? [] : [stalled])].join('; '));
  },
});
