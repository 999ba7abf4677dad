import { defineEvent, nameOf, refused } from '@claw-run/core';
import * as z from 'zod';
import { fieldPatch, withValue } from '../actions/field-actions.ts';
import { pods, troubleOf } from '../facts/pods.ts';
import { type Rollout, rollout, rolloutState } from '../facts/rollout.ts';
import { namesOneWorkload, oneWorkload, workloadFields, workloadRef } from '../inputs.ts';

export const restartWorkload = defineEvent({
  id: 'kubernetes.restart-workload',
  on: 'cluster',
  summary: 'The pods of a workload are replaced, and the new ones are ready',
  description:
    'What `kubectl rollout restart` and `kubectl rollout status` do. It waits until the controller has seen the change and ' +
    'all pods are updated, ready and available; a rollout that exceeded its deadline has failed. Undo puts the former ' +
    'annotation back, which rolls out once more.',
  risk: 'disruptive',
  settlesWithinSeconds: 300,
  input: z.strictObject(workloadFields).refine(namesOneWorkload, oneWorkload),
  examples: [{ title: 'New workers', with: { deployment: 'openclaw-worker', namespace: 'production' } }],
  facts: (input) => ({ rollout: rollout(workloadRef(input)) }),
  moreFacts: (input, seen) => ({ pods: pods(input.namespace, seen.rollout?.selector ?? 'none') }),
  needed: (input, seen, occasion) => {
    const name = nameOf(workloadRef(input));
    if (seen.rollout === null) return refused(`there is no ${name}`, 'correct the name or the namespace');
    if (isRestarted(seen.rollout, occasion.startedAt)) return undefined;
    if (seen.rollout.paused) return refused(`${name} is paused`, `resume it: kubectl rollout resume`);
    return 'its pods keep what they read when they started';
  },
  actions: (input, seen, occasion) => {
    if (seen.rollout === null) return [];
    const { restartedAt } = seen.rollout;
    const patch = fieldPatch({ restartedAt }, { restartedAt: withValue(restartedAt, occasion.startedAt) });
    return patch.length === 0 ? [] : [{ do: 'patch', ref: workloadRef(input), patch }];
  },
  done: (input, seen, occasion) => {
    const name = nameOf(workloadRef(input));
    const now = seen.rollout;
    if (now === null) return { progress: 'failed', because: `${name} is gone` };
    if (!isRestarted(now, occasion.startedAt))
      return { progress: 'pending', because: `${name} is not restarted yet` };
    const state = rolloutState(now);
    if (state.complete) return { progress: 'done', because: `${name}: ${state.because}` };
    const troubled = seen.pods.filter((pod) => !pod.ready && pod.reason !== null).map(troubleOf);
    const because = [`${name}: ${state.because}`, ...troubled].join('; ');
    return now.stalled === null
      ? { progress: 'pending', because }
      : { progress: 'failed', because: `${because}; ${now.stalled}` };
  },
  undo: (input, before, now) => {
    if (before.rollout === null || now.rollout === null) return [];
    const patch = fieldPatch(
      { restartedAt: now.rollout.restartedAt },
      { restartedAt: before.rollout.restartedAt },
    );
    return patch.length === 0 ? [] : [{ do: 'patch', ref: workloadRef(input), patch }];
  },
});

function isRestarted({ restartedAt }: Rollout, occasion: string): boolean {
  return 'value' in restartedAt && restartedAt.value === occasion;
}
