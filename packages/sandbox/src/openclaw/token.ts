import { decodeJwt, generateKeyPair, SignJWT } from 'jose';
import type { KubeClient } from './client.ts';
import { type KubeObject, resources } from './resources.ts';

/** What a ServiceAccount token says of itself; nothing here is verified. */
export interface TokenClaims {
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly expires?: Date;
}

const THIRTY_DAYS = 30 * 24 * 60 * 60;

/** The claims of a token; undefined when it is no JWT. */
export function readToken(token: string | undefined): TokenClaims | undefined {
  try {
    const { sub, aud, exp } = decodeJwt((token ?? '').trim());
    return {
      subject: sub ?? '',
      audiences: typeof aud === 'string' ? [aud] : (aud ?? []),
      ...(exp !== undefined && { expires: new Date(exp * 1000) }),
    };
  } catch {
    return undefined;
  }
}

/** A token of a ServiceAccount for the audience `openclaw`, issued by the API server for 30 days. */
export async function requestToken(client: KubeClient, namespace: string, account: string): Promise<string> {
  const request = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: { name: account, namespace },
    spec: { audiences: ['openclaw'], expirationSeconds: THIRTY_DAYS },
  };
  const made = await client.create<KubeObject & { status?: { token?: string } }>(
    resources.serviceAccounts,
    request,
    'token',
  );
  if (made.status?.token === undefined) throw new Error(`no token was issued for ${namespace}/${account}`);
  return made.status.token;
}

/** A token as it looks after its time: the shape the API server issues, an hour past its end, signed by a lost key. */
export async function expiredToken(namespace: string, account: string, now: Date): Promise<string> {
  const { privateKey } = await generateKeyPair('RS256');
  const ended = Math.floor(now.getTime() / 1000) - 60 * 60;
  return new SignJWT({ 'kubernetes.io': { namespace, serviceaccount: { name: account } } })
    .setProtectedHeader({ alg: 'RS256', kid: 'retired' })
    .setIssuer('https://kubernetes.default.svc.cluster.local')
    .setSubject(`system:serviceaccount:${namespace}:${account}`)
    .setAudience('openclaw')
    .setIssuedAt(ended - THIRTY_DAYS)
    .setNotBefore(ended - THIRTY_DAYS)
    .setExpirationTime(ended)
    .sign(privateKey);
}
