import { apiVersionOf, storeKey } from '../kinds/resource.ts';
import type { JsonObject, KubeObject } from '../storage/objects.ts';
import { fieldSelector, labelSelector, type Selector } from '../storage/selectors.ts';
import { ApiError, badRequest } from '../storage/status.ts';
import type { Answer, Call } from './context.ts';
import { inVersion } from './persist.ts';

/** GET of a collection, whole or in pages (`limit`, `continue`). */
export function listObjects(call: Call): Answer {
  const { cluster, request, resource } = call;
  const objects = matching(call);
  const start = startOf(request.query.get('continue'), objects);
  const limit = Number(request.query.get('limit') ?? 0) || objects.length;
  const page = objects.slice(start, start + limit);
  const left = objects.length - start - page.length;
  const metadata: JsonObject = { resourceVersion: String(cluster.store.revision()) };
  const last = page.at(-1);
  if (left > 0 && last !== undefined)
    Object.assign(metadata, { continue: continuation(last), remainingItemCount: left });
  return {
    code: 200,
    body: { kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource), metadata, items: page },
  };
}

/** The objects of a collection that the request's selectors mean. */
export function matching(call: Call): readonly KubeObject[] {
  const selector = selectorOf(call);
  const objects = call.cluster.store.list(storeKey(call.resource), call.info.namespace);
  return objects.filter(selector).map((object) => inVersion(object, call.resource));
}

/** The request's label and field selectors, and its name when it names one object. */
export function selectorOf(call: Call): Selector {
  const { query } = call.request;
  const byLabels = labelSelector(query.get('labelSelector') ?? '');
  const byFields = fieldSelector(query.get('fieldSelector') ?? '', call.resource.plural);
  const { name, namespace } = call.info;
  return (object) =>
    (name === '' || object.metadata.name === name) &&
    (namespace === '' || !call.resource.namespaced || object.metadata.namespace === namespace) &&
    byLabels(object) &&
    byFields(object);
}

function placeOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

function continuation(last: KubeObject): string {
  return Buffer.from(JSON.stringify({ after: placeOf(last) })).toString('base64url');
}

function startOf(token: string | null, objects: readonly KubeObject[]): number {
  if (!token) return 0;
  try {
    const { after } = JSON.parse(Buffer.from(token, 'base64url').toString()) as { after: string };
    const at = objects.findIndex((object) => placeOf(object) > after);
    return at < 0 ? objects.length : at;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw badRequest('continue key is not valid: encoded continue key is not valid');
  }
}
