import type { ApiRequest } from './request.ts';

/** What a request asks for, in the words that authorization uses. */
export type RequestInfo =
  | { readonly kind: 'path'; readonly verb: string; readonly path: string }
  | ResourceRequestInfo;

/** A request for a resource. */
export interface ResourceRequestInfo {
  readonly kind: 'resource';
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly plural: string;
  readonly subresource: string;
  readonly name: string;
}

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};
const namespaceSubresources = ['status', 'finalize'];

/**
 * Reads the path as the API server does: `/api/v1/…` and `/apis/GROUP/VERSION/…`, with `namespaces/NS/` before a
 * namespaced resource; everything else is a plain path.
 */
export function requestInfo(request: Pick<ApiRequest, 'method' | 'path' | 'query'>): RequestInfo {
  const parts = request.path.split('/').filter((part) => part !== '');
  const plain = { kind: 'path', verb: request.method.toLowerCase(), path: request.path } as const;
  const core = parts[0] === 'api';
  const rest = parts.slice(core ? 2 : 3);
  if ((!core && parts[0] !== 'apis') || rest.length === 0) return plain;
  const [group = '', version = ''] = core ? ['', parts[1]] : [parts[1], parts[2]];
  const place = { kind: 'resource', group, version } as const;
  if (rest[0] === 'watch') return { ...place, ...located(rest.slice(1)), verb: 'watch' };
  const target = located(rest);
  return { ...place, ...target, verb: verbOf(request, target.name) };
}

function located(
  rest: readonly string[],
): Pick<ResourceRequestInfo, 'namespace' | 'plural' | 'name' | 'subresource'> {
  const [first = '', second = '', third = ''] = rest;
  const inNamespace = first === 'namespaces' && rest.length > 2 && !namespaceSubresources.includes(third);
  const [plural = '', name = '', ...subresource] = inNamespace ? rest.slice(2) : rest;
  const namespace = first === 'namespaces' ? second : '';
  return { namespace, plural, name, subresource: subresource.join('/') };
}

function verbOf(request: Pick<ApiRequest, 'method' | 'query'>, name: string): string {
  const verb = verbs[request.method] ?? request.method.toLowerCase();
  if (verb === 'get' && isTrue(request.query.get('watch'))) return 'watch';
  if (verb === 'get' && name === '') return 'list';
  return verb === 'delete' && name === '' ? 'deletecollection' : verb;
}

/** Whether a query parameter switches something on. */
export function isTrue(value: string | null | undefined): boolean {
  return value === 'true' || value === '1';
}
