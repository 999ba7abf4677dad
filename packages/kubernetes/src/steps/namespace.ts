import { defineState, objectFact, refused } from '@claw-run/core';
import * as z from 'zod';
import { objectActions } from '../actions/object-actions.ts';
import { withMetadata } from '../actions/with-metadata.ts';
import { storedObject } from '../facts/stored-object.ts';
import { annotations, labels, name } from '../inputs.ts';
import { textAt } from '../lib/json-at.ts';

export const namespace = defineState({
  id: 'kubernetes.namespace',
  on: 'cluster',
  summary: 'A namespace exists',
  description:
    'A namespace is deleted only to undo its creation, and all that is in it goes with it. There is no `state: absent`: ' +
    'deleting a namespace deletes what others put there.',
  risk: 'routine',
  settlesWithinSeconds: 120,
  input: z.strictObject({
    name: name.describe('Name of the namespace'),
    labels: labels.optional(),
    annotations: annotations.optional(),
  }),
  examples: [{ title: 'A home for the workers', with: { name: 'production' } }],
  facts: (input) => ({
    namespace: storedObject(ref(input.name)),
    terminating: objectFact({
      key: `Namespace ${input.name} terminating`,
      ref: ref(input.name),
      parse: (object) =>
        textAt(object ?? undefined, 'metadata', 'deletionTimestamp') !== undefined ||
        textAt(object ?? undefined, 'status', 'phase') === 'Terminating',
    }),
  }),
  desire: (input, seen) => {
    if (seen.terminating) {
      return refused(
        `Namespace ${input.name} is being deleted`,
        'wait until it is gone; `kubectl get namespace -o yaml` tells in its conditions what it waits for',
      );
    }
    const stored = seen.namespace ?? {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: input.name, labels: ownLabel(input.name) },
    };
    return { namespace: withMetadata(stored, input) };
  },
  actions: (from, to) => objectActions(from.namespace, to.namespace),
});

function ref(name: string) {
  return { apiVersion: 'v1', kind: 'Namespace', name };
}

/** Newer API servers put it on every namespace; given with the namespace, it is there whatever the server. */
function ownLabel(name: string) {
  return { 'kubernetes.io/metadata.name': name };
}
