import type { ApiRequest } from '../api/request.ts';
import { unauthorized } from '../storage/status.ts';
import { issuer, type TokenAuthority } from './tokens.ts';
import type { User } from './user.ts';

/** Users by their static bearer token. */
export type StaticTokens = ReadonlyMap<string, User>;

/** Finds out who makes a request; no or a bad token is a 401, as with `--anonymous-auth=false`. */
export async function authenticate(
  request: ApiRequest,
  known: StaticTokens,
  tokens: TokenAuthority,
): Promise<User> {
  const token = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) throw unauthorized();
  const user = known.get(token);
  if (user !== undefined) return user;
  const verified = await tokens.verify(token, [issuer]);
  if ('error' in verified) throw unauthorized();
  return verified.user;
}
