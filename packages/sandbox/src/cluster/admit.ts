import { refusalText } from './access/authorizer.ts';
import { actingUser } from './access/impersonate.ts';
import type { Attributes } from './access/rules.ts';
import type { User } from './access/user.ts';
import type { Call, Cluster } from './api/context.ts';
import type { ApiRequest } from './api/request.ts';
import type { RequestInfo, ResourceRequestInfo } from './api/request-info.ts';
import { forbidden, unknownPath } from './storage/status.ts';

/** Whom a request acts as, when they may make it. @throws ApiError 403 */
export function admittedUser(
  { authorizer }: Cluster,
  request: ApiRequest,
  { info, real }: { readonly info: RequestInfo; readonly real: User },
): User {
  const user = actingUser(request, real, authorizer);
  const wanted = attributesOf(info, request);
  const decision = authorizer.decide(user, wanted);
  if (decision.allowed) return user;
  const why = refusalText(user, wanted, decision.reason);
  throw info.kind === 'path'
    ? forbidden({ group: '', plural: '' }, '', why)
    : forbidden(info, info.name, why);
}

/** The call that a request for a resource is. @throws ApiError 404 where there is no such resource. */
export function callOf(
  cluster: Cluster,
  request: ApiRequest,
  { info, user }: { readonly info: ResourceRequestInfo; readonly user: User },
): Call {
  const resource = cluster.registry.find(info.group, info.version, info.plural);
  if (resource === undefined) throw unknownPath();
  const clusterWide = { ...info, namespace: resource.namespaced ? info.namespace : '' };
  if (!resource.namespaced && info.namespace !== '' && resource.plural !== 'namespaces') throw unknownPath();
  if (resource.namespaced && info.namespace === '' && info.name !== '') throw unknownPath();
  return { cluster, request, info: clusterWide, resource, user };
}

function attributesOf(info: RequestInfo, request: ApiRequest): Attributes {
  if (info.kind === 'path') return { verb: info.verb, path: info.path };
  const named = /^metadata\.name==?([^,]+)$/.exec(request.query.get('fieldSelector') ?? '')?.[1];
  const selects = info.verb === 'list' || info.verb === 'watch' || info.verb === 'deletecollection';
  return selects && named !== undefined && info.name === '' ? { ...info, name: named } : info;
}
