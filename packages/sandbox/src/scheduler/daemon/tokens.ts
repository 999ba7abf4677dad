import { timingSafeEqual } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';

/** Who a request comes from, by its token. */
export type Caller =
  | { readonly kind: 'admin' }
  | {
      readonly kind: 'user';
      readonly user: string;
      readonly groups: readonly string[];
      readonly expiresAt: Date;
    };

export interface TokenClaims {
  readonly user: string;
  readonly groups: readonly string[];
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

export type TokenFault = 'token-missing' | 'token-invalid' | 'token-expired';

/** Signs a token: HS256, payload `{"user","groups","iat","exp"}`. */
export function signToken(key: Uint8Array, claims: TokenClaims): Promise<string> {
  return new SignJWT({ user: claims.user, groups: [...claims.groups] })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuedAt(Math.floor(claims.issuedAt.getTime() / 1000))
    .setExpirationTime(Math.floor(claims.expiresAt.getTime() / 1000))
    .sign(key);
}

/** The caller of an `Authorization` header, or what is wrong with it. */
export async function readCaller(
  header: string | undefined,
  { key, adminToken, now }: { key: Uint8Array; adminToken: string; now: Date },
): Promise<Caller | TokenFault> {
  const token = /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
  if (token === undefined) return 'token-missing';
  if (isSame(token, adminToken)) return { kind: 'admin' };
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['HS256'],
      requiredClaims: ['user', 'exp'],
      currentDate: now,
    });
    const { user, groups, exp } = payload;
    if (typeof user !== 'string' || exp === undefined) return 'token-invalid';
    const names = Array.isArray(groups) ? groups.filter((each) => typeof each === 'string') : [];
    return { kind: 'user', user, groups: names, expiresAt: new Date(exp * 1000) };
  } catch (error) {
    return error instanceof errors.JWTExpired ? 'token-expired' : 'token-invalid';
  }
}

function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && a.length > 0 && timingSafeEqual(a, b);
}
