import type { ApiRequest } from '../api/request.ts';
import { badRequest, forbidden } from '../storage/status.ts';
import { type Authorizer, refusalText } from './authorizer.ts';
import { serviceAccountUser, type User, withAuthenticated } from './user.ts';

/**
 * Whom a request acts as: the user of the `Impersonate-User` and `Impersonate-Group` headers when the real user has the
 * `impersonate` verb on each of them, else the real user.
 */
export function actingUser(request: ApiRequest, real: User, authorizer: Authorizer): User {
  const name = request.headers['impersonate-user'];
  const groups = headerValues(request.headers['impersonate-group']);
  if (typeof name !== 'string' || name === '') {
    if (groups.length > 0) throw badRequest('requested groups without impersonating a user');
    return real;
  }
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  if (account !== null) demand(authorizer, real, 'serviceaccounts', account[2] ?? '', account[1] ?? '');
  else demand(authorizer, real, 'users', name, '');
  for (const group of groups) demand(authorizer, real, 'groups', group, '');
  if (account !== null && groups.length === 0) return serviceAccountUser(account[1] ?? '', account[2] ?? '');
  return { username: name, groups: name === 'system:anonymous' ? groups : withAuthenticated(groups) };
}

function headerValues(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  // Node joins repeated headers of this kind with ", "; a group name has neither.
  return (typeof value === 'string' ? value : value.join(','))
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function demand(authorizer: Authorizer, user: User, plural: string, name: string, namespace: string): void {
  const wanted = { verb: 'impersonate', group: '', version: 'v1', plural, subresource: '', namespace, name };
  const decision = authorizer.decide(user, wanted);
  if (!decision.allowed)
    throw forbidden({ group: '', plural }, name, refusalText(user, wanted, decision.reason));
}
