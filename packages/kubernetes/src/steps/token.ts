import { type ClusterAction, defineEvent, nameOf, type ObjectRef, objectFact, refused } from '@claw-run/core';
import * as z from 'zod';
import { holderActions } from '../actions/holder-actions.ts';
import { clearText, type Holder, holder } from '../facts/holder.ts';
import { type Reviewed, tokenReview } from '../facts/token-review.ts';
import { duration, name, namespace } from '../inputs.ts';
import { textAt } from '../lib/json-at.ts';
import { claimsOf, time, tokenFault, userOf } from '../lib/token.ts';

const input = z.strictObject({
  account: name.describe('Service account the token is for'),
  namespace,
  secret: name.describe('Secret that holds the token; made when there is none'),
  key: z.string().default('token').describe('Key in it'),
  audiences: z
    .array(z.string().min(1))
    .default([])
    .describe("Who the token is for; the API server's own where empty"),
  expires: duration
    .prefault('1h')
    .describe('How long a new token is valid; the API server may shorten or lengthen it'),
  'renew-before': duration.prefault('10m').describe('A token that ends within this time is renewed'),
  'bound-to': name
    .optional()
    .describe(
      'A Secret the token ends with (made when there is none): delete it with kubernetes.retire-token',
    ),
});

type Input = z.output<typeof input>;
type Seen = {
  readonly entry: Holder;
  readonly account: { readonly uid: string | null } | null;
  readonly review: Reviewed;
};

export const token = defineEvent({
  id: 'kubernetes.token',
  on: 'cluster',
  summary: 'A Secret holds a valid token for a service account',
  description:
    'Issues a token (TokenRequest) when there is none, when it is malformed, expired or about to expire, of another ' +
    'account, or refused by the API server (TokenReview). The token itself is never shown or stored elsewhere. Undo puts ' +
    'the former token back; the new one stays valid until it expires, or until what it is bound to is deleted.',
  risk: 'routine',
  settlesWithinSeconds: 60,
  input,
  examples: [
    {
      title: "The workers' token",
      with: {
        account: 'openclaw-worker-sa',
        namespace: 'production',
        secret: 'openclaw-worker-token',
        audiences: ['openclaw'],
      },
    },
  ],
  facts: (input) => ({
    entry: holder(secretRef(input, input.secret), [input.key]),
    marker: holder(secretRef(input, input['bound-to'] ?? input.secret), []),
    account: objectFact({
      key: `ServiceAccount ${input.namespace}/${input.account} uid`,
      ref: { apiVersion: 'v1', kind: 'ServiceAccount', name: input.account, namespace: input.namespace },
      parse: (object) => (object === null ? null : { uid: textAt(object, 'metadata', 'uid') ?? null }),
    }),
  }),
  moreFacts: (input, seen) => ({
    review: tokenReview(
      secretRef(input, input.secret),
      clearText(seen.entry.values[input.key]),
      input.audiences,
    ),
  }),
  needed: (input, seen, occasion) => {
    if (seen.account === null) {
      return refused(
        `there is no service account ${input.namespace}/${input.account}`,
        'make it first: kubernetes.service-account',
      );
    }
    const fault = faultOf(input, seen, Date.parse(occasion.startedAt) / 1000);
    return fault === undefined
      ? undefined
      : `${nameOf(secretRef(input, input.secret))} ${input.key}: ${fault}`;
  },
  actions: (input, seen) => {
    const bound = input['bound-to'];
    return [
      ...(seen.entry.exists ? [] : [emptySecret(input, input.secret)]),
      ...(bound === undefined || seen.marker.exists ? [] : [emptySecret(input, bound)]),
      {
        do: 'issue-token',
        account: { namespace: input.namespace, name: input.account },
        audiences: input.audiences,
        expirationSeconds: input.expires,
        ...(bound === undefined ? {} : { boundTo: { kind: 'Secret', name: bound } }),
        into: { namespace: input.namespace, secret: input.secret, key: input.key },
      },
    ];
  },
  done: (input, seen, occasion) => {
    const fault = faultOf({ ...input, 'renew-before': 0 }, seen, Date.parse(occasion.startedAt) / 1000);
    const because = `${nameOf(secretRef(input, input.secret))} ${input.key}`;
    if (fault !== undefined) return { progress: 'pending', because: `${because}: ${fault}` };
    const expires = claimsOf(clearText(seen.entry.values[input.key]) ?? '')?.expires ?? null;
    return {
      progress: 'done',
      because: `${because} is valid${expires === null ? '' : ` until ${time(expires)}`}`,
    };
  },
  undo: (input, before, now) => [
    ...holderActions(secretRef(input, input.secret), now.entry, before.entry),
    ...(input['bound-to'] === undefined
      ? []
      : holderActions(secretRef(input, input['bound-to']), now.marker, before.marker)),
  ],
});

function faultOf(input: Input, seen: Seen, now: number): string | undefined {
  const text = clearText(seen.entry.values[input.key]);
  const user = userOf(input.namespace, input.account);
  const fault = tokenFault(text, { user, audiences: input.audiences, at: now });
  if (fault !== undefined) return fault;
  const claims = claimsOf(text ?? '');
  const expires = claims?.expires ?? null;
  if (expires !== null && expires <= now + input['renew-before']) return `it ends soon, at ${time(expires)}`;
  if (claims?.accountUid && seen.account?.uid && claims.accountUid !== seen.account.uid) {
    return 'it is of an account of the same name that was deleted';
  }
  return seen.review.authenticated
    ? undefined
    : `the API server refuses it: ${seen.review.error ?? 'not authenticated'}`;
}

function secretRef(input: { readonly namespace: string }, name: string): ObjectRef {
  return { apiVersion: 'v1', kind: 'Secret', name, namespace: input.namespace };
}

function emptySecret(input: Input, name: string): ClusterAction {
  const { apiVersion, kind, namespace = '' } = secretRef(input, name);
  return { do: 'create', object: { apiVersion, kind, metadata: { name, namespace }, type: 'Opaque' } };
}
