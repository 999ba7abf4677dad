import { defineCheck, fail, pass } from '@claw-run/core';
import * as z from 'zod';
import { pods, troubleOf } from '../facts/pods.ts';
import { namespace, selector } from '../inputs.ts';
import { count, listed } from '../lib/json-at.ts';

export const podsReady = defineCheck({
  id: 'kubernetes.pods-ready',
  on: 'cluster',
  summary: 'All pods of a selector are ready',
  description: 'Pods that are being deleted do not count.',
  input: z.strictObject({
    namespace,
    selector,
    'at-least': z.int().min(0).default(1).describe('How many there must be'),
  }),
  examples: [
    {
      title: 'Three workers',
      with: { namespace: 'production', selector: 'app=openclaw-worker', 'at-least': 3 },
    },
  ],
  facts: (input) => ({ pods: pods(input.namespace, input.selector) }),
  expect: (input, seen) => {
    const all = seen.pods.filter((pod) => !pod.deleting && pod.phase !== 'Succeeded');
    const evidence = all.map(({ name, ready, reason, restarts }) => ({ name, ready, reason, restarts }));
    const troubled = all.filter((pod) => !pod.ready);
    const where = `${input.selector} in ${input.namespace}`;
    if (troubled.length > 0) {
      return fail(
        `${troubled.length} of ${count(all.length, 'pod')} of ${where} not ready: ${listed(troubled.map(troubleOf))}`,
        evidence,
      );
    }
    return all.length < input['at-least']
      ? fail(
          `${count(all.length, 'pod')} of ${where}, where there should be ${input['at-least']} or more`,
          evidence,
        )
      : pass(`${count(all.length, 'pod')} of ${where} ready`, evidence);
  },
});
