import { defineCheck, type Fact, fail, nameOf, objectFact, pass, Secret } from '@claw-run/core';
import * as z from 'zod';
import { clearText } from '../facts/holder.ts';
import { tokenReview } from '../facts/token-review.ts';
import { duration, name, namespace } from '../inputs.ts';
import { at, textAt } from '../lib/json-at.ts';
import { claimsOf, time, tokenFault, userOf } from '../lib/token.ts';

const input = z.strictObject({
  namespace,
  secret: name.describe('Secret that holds the token'),
  key: z.string().default('token').describe('Key in it'),
  account: name.describe('Service account it must be of'),
  audiences: z
    .array(z.string().min(1))
    .default([])
    .describe("Who it must be for; the API server's own where empty"),
  margin: duration.prefault('0s').describe('It must be valid for this time yet'),
  at: z.iso
    .datetime()
    .optional()
    .describe('The time that counts as now (RFC 3339); when it is looked at, where absent'),
});

type Input = z.output<typeof input>;

interface Token {
  readonly token: Secret | null;
  readonly fault: string | null;
  readonly expires: string | null;
}

export const tokenValid = defineCheck({
  id: 'kubernetes.token-valid',
  on: 'cluster',
  summary: 'A Secret holds a token that the API server accepts for a service account',
  description:
    'Looks at the claims, and asks the API server (TokenReview). Whether the token has expired is decided when it is read, ' +
    'by the clock of this machine.',
  input,
  examples: [
    {
      title: "The workers' token",
      with: {
        namespace: 'production',
        secret: 'openclaw-worker-token',
        account: 'openclaw-worker-sa',
        audiences: ['openclaw'],
      },
    },
  ],
  facts: (input) => ({ token: storedToken(input) }),
  moreFacts: (input, seen) => ({
    review: tokenReview(ref(input), seen.token.token?.reveal(), input.audiences),
  }),
  expect: (input, seen) => {
    const what = `the token in ${nameOf(ref(input))}`;
    const evidence = { expires: seen.token.expires, user: seen.review.user, error: seen.review.error };
    if (seen.token.fault !== null) return fail(`${what}: ${seen.token.fault}`, evidence);
    if (!seen.review.authenticated) {
      return fail(
        `${what}: the API server refuses it: ${seen.review.error ?? 'not authenticated'}`,
        evidence,
      );
    }
    return pass(
      `${what} is valid${seen.token.expires === null ? '' : ` until ${seen.token.expires}`}`,
      evidence,
    );
  },
});

function storedToken(input: Input): Fact<'cluster', Token> {
  return objectFact({
    key: `${nameOf(ref(input))} ${input.key} validity for ${input.account}`,
    ref: ref(input),
    parse: (object) => {
      const value = at(object ?? undefined, 'data', input.key);
      const base64 = value instanceof Secret ? value : textAt(object ?? undefined, 'data', input.key);
      const text =
        base64 === undefined ? undefined : clearText(base64 instanceof Secret ? base64 : new Secret(base64));
      const now = (input.at === undefined ? Date.now() : Date.parse(input.at)) / 1000 + input.margin;
      const user = userOf(input.namespace, input.account);
      const expires = claimsOf(text ?? '')?.expires ?? null;
      return {
        token: text === undefined ? null : new Secret(text),
        fault: tokenFault(text, { user, audiences: input.audiences, at: now }) ?? null,
        expires: expires === null ? null : time(expires),
      };
    },
  });
}

function ref(input: Input) {
  return { apiVersion: 'v1', kind: 'Secret', name: input.secret, namespace: input.namespace };
}
