import {
  type ClusterObject,
  defineEvent,
  listFact,
  nameOf,
  type ObjectRef,
  objectFact,
  refused,
} from '@claw-run/core';
import * as z from 'zod';
import { name, namespace } from '../inputs.ts';
import { listAt, listed, mapAt, textAt } from '../lib/json-at.ts';

const legacy = 'kubernetes.io/service-account-token';

export const retireToken = defineEvent({
  id: 'kubernetes.retire-token',
  on: 'cluster',
  summary: 'A retired token is no longer accepted',
  description:
    `Deletes the Secret a token lives by: one of type ${legacy}, or the empty Secret that a token is bound to ` +
    '(`bound-to` of `kubernetes.token`). The API server refuses the token from then on. Refused while pods use the Secret. ' +
    'https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/',
  risk: 'destructive',
  input: z.strictObject({ namespace, secret: name.describe('Secret the token lives by') }),
  examples: [
    {
      title: 'The token of before the rotation',
      with: { namespace: 'production', secret: 'worker-token-2024' },
    },
  ],
  facts: (input) => ({
    secret: objectFact({
      key: `${nameOf(ref(input))} kind of token`,
      ref: ref(input),
      parse: (object) =>
        object === null
          ? null
          : { type: textAt(object, 'type') ?? 'Opaque', keys: Object.keys(mapAt(object, 'data')) },
    }),
    users: listFact({
      key: `pods ${input.namespace} that use Secret ${input.secret}`,
      list: { apiVersion: 'v1', kind: 'Pod', namespace: input.namespace },
      parse: (pods) =>
        pods
          .filter((pod) => uses(pod, input.secret))
          .map((pod) => pod.metadata.name)
          .sort(),
    }),
  }),
  needed: (input, seen) => {
    if (seen.secret === null) return undefined;
    const name = nameOf(ref(input));
    if (seen.secret.type !== legacy && seen.secret.keys.length > 0) {
      return refused(
        `${name} holds ${listed(seen.secret.keys)}; it is not a Secret that a token lives by`,
        'correct `secret`',
      );
    }
    if (seen.users.length > 0) {
      return refused(
        `${name} is used by ${listed(seen.users)}`,
        'give these pods another token first, and restart them',
      );
    }
    return `the token that lives by ${name} is still accepted`;
  },
  actions: (input, seen) => (seen.secret === null ? [] : [{ do: 'delete', ref: ref(input) }]),
  done: (input, seen) =>
    seen.secret === null
      ? { progress: 'done', because: `${nameOf(ref(input))} is gone, and its token with it` }
      : { progress: 'pending', because: `${nameOf(ref(input))} is still there` },
  undo: { irreversible: 'a retired token is gone for good; issue another one with kubernetes.token' },
});

function ref(input: { readonly namespace: string; readonly secret: string }): ObjectRef {
  return { apiVersion: 'v1', kind: 'Secret', name: input.secret, namespace: input.namespace };
}

function uses(pod: ClusterObject, secret: string): boolean {
  const volumes = listAt(pod, 'spec', 'volumes');
  const projected = volumes.flatMap((one) => listAt(one, 'projected', 'sources'));
  const containers = [...listAt(pod, 'spec', 'containers'), ...listAt(pod, 'spec', 'initContainers')];
  return (
    volumes.some((one) => textAt(one, 'secret', 'secretName') === secret) ||
    projected.some((one) => textAt(one, 'secret', 'name') === secret) ||
    containers.some(
      (one) =>
        listAt(one, 'env').some((entry) => textAt(entry, 'valueFrom', 'secretKeyRef', 'name') === secret) ||
        listAt(one, 'envFrom').some((entry) => textAt(entry, 'secretRef', 'name') === secret),
    )
  );
}
