import { isObject } from '@claw-run/core';

/** A JSON Web Token as it looks by itself (RFC 7519); whether its signature holds, only the scheduler knows. */
export type Jwt =
  | { readonly looks: 'absent' }
  | { readonly looks: 'damaged' }
  | {
      readonly looks: 'well';
      readonly user: string | null;
      /** Seconds since 1970; `null` for a token without an end. */
      readonly expires: number | null;
    };

/** Reads the claims of a token. */
export function readJwt(token: string): Jwt {
  if (token === '') return { looks: 'absent' };
  const claims = claimsOf(token);
  if (claims === undefined) return { looks: 'damaged' };
  const { exp, user, sub } = claims;
  const named = typeof user === 'string' ? user : sub;
  return {
    looks: 'well',
    user: typeof named === 'string' ? named : null,
    expires: typeof exp === 'number' && Math.abs(exp) < 8e12 ? Math.floor(exp) : null,
  };
}

function claimsOf(token: string): Record<string, unknown> | undefined {
  const parts = token.split('.');
  const [header, claims] = parts.map(decoded);
  return parts.length === 3 && header !== undefined && parts[2] !== '' ? claims : undefined;
}

function decoded(part: string): Record<string, unknown> | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
