import { randomUUID } from 'node:crypto';
import { errors, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { dig, type JsonObject, textOr, textsOf } from '../storage/objects.ts';
import type { Store } from '../storage/store.ts';
import { serviceAccountUser, type User } from './user.ts';

/** The issuer of ServiceAccount tokens, and their audience unless another is asked for. */
export const issuer = 'https://kubernetes.default.svc.cluster.local';

/** What a token is to say. Times are seconds since 1970. */
export interface TokenClaims {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly audiences: readonly string[];
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly bound?: { readonly kind: 'Pod' | 'Secret'; readonly name: string; readonly uid: string };
}

/** Signs and checks ServiceAccount tokens with a key of its own. */
export interface TokenAuthority {
  sign(claims: TokenClaims): Promise<string>;
  signLegacy(account: { namespace: string; name: string; uid: string; secret: string }): Promise<string>;
  verify(token: string, audiences: readonly string[]): Promise<VerifiedToken | { readonly error: string }>;
}

/** A token that holds: whose it is and for which of the audiences asked about. */
export interface VerifiedToken {
  readonly user: User;
  readonly audiences: readonly string[];
}

/** An authority with a new key. Tokens of deleted accounts and with deleted bound objects do not hold. */
export async function createTokenAuthority(store: Store): Promise<TokenAuthority> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const header = { alg: 'ES256', kid: randomUUID() };
  return {
    sign: (claims) => new SignJWT(payloadOf(claims)).setProtectedHeader(header).sign(privateKey),
    signLegacy: (account) => new SignJWT(legacyPayload(account)).setProtectedHeader(header).sign(privateKey),
    async verify(token, audiences) {
      try {
        const { payload } = await jwtVerify(token, publicKey);
        return checkObjects(store, payload as JsonObject, audiences);
      } catch (error) {
        return { error: `invalid bearer token, ${faultOf(error)}` };
      }
    },
  };
}

function payloadOf(claims: TokenClaims): Record<string, unknown> {
  const { bound } = claims;
  return {
    aud: claims.audiences,
    exp: claims.expiresAt,
    iat: claims.issuedAt,
    iss: issuer,
    jti: randomUUID(),
    'kubernetes.io': {
      namespace: claims.namespace,
      ...(bound && { [bound.kind.toLowerCase()]: { name: bound.name, uid: bound.uid } }),
      serviceaccount: { name: claims.name, uid: claims.uid },
    },
    nbf: claims.issuedAt,
    sub: `system:serviceaccount:${claims.namespace}:${claims.name}`,
  };
}

function legacyPayload(account: {
  namespace: string;
  name: string;
  uid: string;
  secret: string;
}): Record<string, unknown> {
  return {
    iss: 'kubernetes/serviceaccount',
    'kubernetes.io/serviceaccount/namespace': account.namespace,
    'kubernetes.io/serviceaccount/secret.name': account.secret,
    'kubernetes.io/serviceaccount/service-account.name': account.name,
    'kubernetes.io/serviceaccount/service-account.uid': account.uid,
    sub: `system:serviceaccount:${account.namespace}:${account.name}`,
  };
}

function checkObjects(
  store: Store,
  payload: JsonObject,
  audiences: readonly string[],
): VerifiedToken | { error: string } {
  const legacy = payload.iss === 'kubernetes/serviceaccount';
  const own = legacy ? [issuer] : typeof payload.aud === 'string' ? [payload.aud] : textsOf(payload.aud);
  const common = audiences.filter((audience) => own.includes(audience));
  if (common.length === 0) {
    return {
      error: `invalid bearer token, token audiences ${JSON.stringify(own)} is invalid for the target audiences ${JSON.stringify(audiences)}`,
    };
  }
  const read = (current: readonly string[], old: string) =>
    textOr(
      legacy ? payload[`kubernetes.io/serviceaccount/${old}`] : dig(payload, 'kubernetes.io', ...current),
    );
  const namespace = read(['namespace'], 'namespace');
  const name = read(['serviceaccount', 'name'], 'service-account.name');
  const uid = read(['serviceaccount', 'uid'], 'service-account.uid');
  const account = store.get('/serviceaccounts', namespace, name);
  if (account === undefined || account.metadata.uid !== uid)
    return { error: 'service account token has been invalidated' };
  const pod = { name: read(['pod', 'name'], ''), uid: read(['pod', 'uid'], '') };
  const secret = { name: read(['secret', 'name'], 'secret.name'), uid: read(['secret', 'uid'], '') };
  if (!isBound(store, '/pods', namespace, pod) || !isBound(store, '/secrets', namespace, secret)) {
    return { error: 'service account token has been invalidated' };
  }
  const user = serviceAccountUser(namespace, name, uid);
  const extra = {
    'authentication.kubernetes.io/pod-name': [pod.name],
    'authentication.kubernetes.io/pod-uid': [pod.uid],
  };
  return { user: pod.name === '' ? user : { ...user, extra }, audiences: common };
}

function isBound(store: Store, key: string, namespace: string, to: { name: string; uid: string }): boolean {
  if (to.name === '') return true;
  const object = store.get(key, namespace, to.name);
  return object !== undefined && (to.uid === '' || object.metadata.uid === to.uid);
}

/** The fault in words that mean something to who reads them; a key of another kind is just another key. */
function faultOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'token has expired';
  return error instanceof errors.JOSEError && !(error instanceof errors.JOSENotSupported)
    ? error.message
    : 'signature verification failed';
}
