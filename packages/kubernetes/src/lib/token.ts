import { createHash } from 'node:crypto';
import type { Json } from '@claw-run/core';
import { numberAt, textAt, textsAt } from './json-at.ts';

/** The claims of a service account token (a JWT, RFC 7519); its signature is for the API server to check. */
export interface Claims {
  readonly subject: string | null;
  /** Seconds since 1970; `null` where the token does not expire. */
  readonly expires: number | null;
  readonly audiences: readonly string[];
  readonly accountUid: string | null;
}

/** The claims of a token, or nothing when it is none. */
export function claimsOf(token: string): Claims | undefined {
  const parts = token.trim().split('.');
  if (parts.length !== 3) return undefined;
  try {
    const claims: Json = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8'));
    const audience = textAt(claims, 'aud');
    return {
      subject: textAt(claims, 'sub') ?? null,
      expires: numberAt(claims, 'exp') ?? null,
      audiences: audience === undefined ? textsAt(claims, 'aud') : [audience],
      accountUid: textAt(claims, 'kubernetes.io', 'serviceaccount', 'uid') ?? null,
    };
  } catch {
    return undefined;
  }
}

/** The user that a service account is to the API server. */
export function userOf(namespace: string, account: string): string {
  return `system:serviceaccount:${namespace}:${account}`;
}

/** What is wrong with a token at a time (seconds since 1970), as far as it can be told without its signature. */
export function tokenFault(
  token: string | undefined,
  wanted: { readonly user: string; readonly audiences: readonly string[]; readonly at: number },
): string | undefined {
  if (token === undefined || token === '') return 'there is no token';
  const claims = claimsOf(token);
  if (claims === undefined) return 'it is not a token (JWT)';
  if (claims.subject !== wanted.user)
    return `it is a token of ${claims.subject ?? 'nobody'}, not of ${wanted.user}`;
  if (claims.expires !== null && claims.expires <= wanted.at) return `it expired at ${time(claims.expires)}`;
  const lacking = wanted.audiences.filter((one) => !claims.audiences.includes(one));
  return lacking.length === 0 ? undefined : `it is not meant for the audience ${lacking.join(', ')}`;
}

/** Seconds since 1970 as RFC 3339. */
export function time(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000', '');
}

/** Tells tokens apart without telling them. */
export function fingerprint(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 12);
}
