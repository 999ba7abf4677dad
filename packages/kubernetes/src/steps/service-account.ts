import { type ClusterObject, defineState, type ObjectRef } from '@claw-run/core';
import * as z from 'zod';
import { objectActions } from '../actions/object-actions.ts';
import { withMetadata } from '../actions/with-metadata.ts';
import { storedObject } from '../facts/stored-object.ts';
import { annotations, labels, name, namespace, state } from '../inputs.ts';

export const serviceAccount = defineState({
  id: 'kubernetes.service-account',
  on: 'cluster',
  summary: 'A service account exists',
  description:
    'Labels and annotations of others are kept. An account that is deleted and made again is another one to the ' +
    'cluster: tokens issued before do not come back with it.',
  risk: 'routine',
  input: z.strictObject({
    name: name.describe('Name of the service account'),
    namespace,
    labels: labels.optional(),
    annotations: annotations.optional(),
    'automount-token': z
      .boolean()
      .optional()
      .describe('Whether its pods are given a token; left as it is where absent'),
    state,
  }),
  examples: [
    { title: 'An account for the workers', with: { name: 'openclaw-worker-sa', namespace: 'production' } },
    { title: 'No account', with: { name: 'openclaw-worker-sa', namespace: 'production', state: 'absent' } },
  ],
  facts: (input) => ({ account: storedObject(ref(input)) }),
  desire: (input, seen) => {
    if (input.state === 'absent') return { account: null };
    const automount = input['automount-token'];
    const account = withMetadata(seen.account ?? empty(ref(input)), input);
    return {
      account: automount === undefined ? account : { ...account, automountServiceAccountToken: automount },
    };
  },
  actions: (from, to) => objectActions(from.account, to.account),
  explain: (from, to) =>
    from.account !== null && to.account === null
      ? 'the tokens issued for it end with the account'
      : undefined,
});

function ref(input: { readonly name: string; readonly namespace: string }): ObjectRef {
  return { apiVersion: 'v1', kind: 'ServiceAccount', name: input.name, namespace: input.namespace };
}

function empty({ apiVersion, kind, name, namespace = '' }: ObjectRef): ClusterObject {
  return { apiVersion, kind, metadata: { name, namespace } };
}
