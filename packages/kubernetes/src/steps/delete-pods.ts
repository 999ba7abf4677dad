import { defineEvent, refused } from '@claw-run/core';
import * as z from 'zod';
import { type Pod, pods } from '../facts/pods.ts';
import { namespace, selector } from '../inputs.ts';
import { count, listed } from '../lib/json-at.ts';

const input = z.strictObject({
  namespace,
  selector,
  only: z.enum(['all', 'not-ready']).default('all').describe('`not-ready` spares the pods that are well'),
  orphans: z.boolean().default(false).describe('Also pods that no controller would make again'),
});

type Input = z.output<typeof input>;

export const deletePods = defineEvent({
  id: 'kubernetes.delete-pods',
  on: 'cluster',
  summary: 'Pods are deleted, so that their controller makes new ones',
  description:
    'Means the pods that were made before the run started. Prefer `kubernetes.restart-workload`, which replaces them ' +
    'gradually; this is for pods that hang.',
  risk: 'disruptive',
  settlesWithinSeconds: 120,
  input,
  examples: [
    {
      title: 'Workers that hang',
      with: { namespace: 'production', selector: 'app=openclaw-worker', only: 'not-ready' },
    },
  ],
  facts: (input) => ({ pods: pods(input.namespace, input.selector) }),
  needed: (input, seen, occasion) => {
    const chosen = meant(input, seen.pods, occasion.startedAt);
    const orphans = chosen.filter((pod) => pod.owner === null);
    if (orphans.length > 0 && !input.orphans) {
      return refused(
        `${listed(orphans.map((pod) => pod.name))} in ${input.namespace}: no controller would make another`,
        'narrow `selector`, or say `orphans: true`',
      );
    }
    return chosen.length === 0
      ? undefined
      : `${count(chosen.length, 'pod')} to be replaced: ${listed(chosen.map((pod) => pod.name))}`;
  },
  actions: (input, seen, occasion) =>
    meant(input, seen.pods, occasion.startedAt)
      .filter((pod) => !pod.deleting)
      .map((pod) => ({
        do: 'delete',
        ref: { apiVersion: 'v1', kind: 'Pod', name: pod.name, namespace: input.namespace },
      })),
  done: (input, seen, occasion) => {
    const left = meant(input, seen.pods, occasion.startedAt);
    return left.length === 0
      ? { progress: 'done', because: 'the pods are gone' }
      : { progress: 'pending', because: `still there: ${listed(left.map((pod) => pod.name))}` };
  },
  undo: { irreversible: 'a deleted pod does not come back; its controller makes a new one' },
});

function meant(input: Input, all: readonly Pod[], startedAt: string): readonly Pod[] {
  return all.filter(
    (pod) =>
      Date.parse(pod.created ?? '') < Date.parse(startedAt) &&
      (input.only === 'all' || !pod.ready || pod.deleting),
  );
}
