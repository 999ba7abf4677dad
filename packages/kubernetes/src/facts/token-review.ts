import { type Fact, nameOf, type ObjectRef, objectFact, reviewFact, Secret } from '@claw-run/core';
import { at, textAt } from '../lib/json-at.ts';
import { fingerprint } from '../lib/token.ts';

/** What the API server says of a token. */
export interface Reviewed {
  readonly authenticated: boolean;
  readonly user: string | null;
  readonly error: string | null;
}

/** Asks the API server about the token that a Secret holds; without a token there is nothing to ask. */
export function tokenReview(
  ref: ObjectRef,
  token: string | undefined,
  audiences: readonly string[],
): Fact<'cluster', Reviewed> {
  const key = `TokenReview of ${nameOf(ref)}`;
  if (!token) {
    return objectFact({
      key,
      ref,
      parse: () => ({ authenticated: false, user: null, error: 'there is no token' }),
    });
  }
  return reviewFact({
    key,
    review: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      // Secrets look alike in the key of a read; this tells two tokens apart.
      metadata: { annotations: { 'claw-run/token': `${nameOf(ref)} ${fingerprint(token)}` } },
      spec: { token: new Secret(token.trim()), audiences },
    },
    parse: (answer) => ({
      authenticated: at(answer, 'status', 'authenticated') === true,
      user: textAt(answer, 'status', 'user', 'username') ?? null,
      error: textAt(answer, 'status', 'error') ?? null,
    }),
  });
}
