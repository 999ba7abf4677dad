import { isObject, type JsonObject, type KubeObject, objectsOf } from '../storage/objects.ts';
import type { Answer, Call } from './context.ts';
import { tableOf } from './table.ts';

type Form = 'object' | 'table' | 'metadata';

/** The form that the client prefers, by its Accept header. */
function formOf(call: Call): Form {
  const [first = ''] = (call.request.headers.accept ?? '').split(',');
  if (first.includes('as=Table')) return 'table';
  return first.includes('as=PartialObjectMetadata') ? 'metadata' : 'object';
}

/** The answer in the form that the client asks for: as it is, as a Table or as metadata only. */
export function present(call: Call, answer: Answer): Answer {
  const { body } = answer;
  const form = formOf(call);
  if (form === 'object' || !isObject(body) || body.kind === 'Status' || call.info.subresource !== '')
    return answer;
  const items = Array.isArray(body.items)
    ? (objectsOf(body.items) as readonly KubeObject[])
    : [body as KubeObject];
  if (form === 'table') return { ...answer, body: tableOf(call, items, tableMetadata(body), true) };
  const metadata = items.map(metadataOnly);
  const list = {
    kind: 'PartialObjectMetadataList',
    apiVersion: 'meta.k8s.io/v1',
    metadata: body.metadata,
    items: metadata,
  };
  return { ...answer, body: Array.isArray(body.items) ? list : metadata[0] };
}

function tableMetadata(body: JsonObject): JsonObject {
  const { resourceVersion, continue: next, remainingItemCount } = body.metadata as JsonObject;
  return { resourceVersion, ...(next !== undefined && { continue: next, remainingItemCount }) };
}

function metadataOnly(object: KubeObject): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}

/** How a watch shows each object. Only the first table of a watch has column definitions. */
export function presentOne(call: Call): (object: KubeObject) => unknown {
  const form = formOf(call);
  if (form === 'metadata') return metadataOnly;
  if (form === 'object') return (object) => object;
  let first = true;
  return (object) => {
    const table = tableOf(call, [object], { resourceVersion: object.metadata.resourceVersion }, first);
    first = false;
    return table;
  };
}
