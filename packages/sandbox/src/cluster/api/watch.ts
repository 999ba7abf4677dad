import type { ServerResponse } from 'node:http';
import { apiVersionOf, storeKey } from '../kinds/resource.ts';
import type { JsonObject, KubeObject } from '../storage/objects.ts';
import { badRequest, expired } from '../storage/status.ts';
import type { Change } from '../storage/store.ts';
import type { Call } from './context.ts';
import { selectorOf } from './list.ts';
import { inVersion } from './persist.ts';
import { isTrue } from './request-info.ts';

/** Sends one line of a watch. */
export type Send = (type: string, object: unknown) => void;

const slowReader = 16 * 1024 * 1024;
const longest = 30 * 60;

/**
 * Streams the changes of a collection (`watch=true`) until the client leaves, `timeoutSeconds` are over or the server
 * closes. Starts with what exists unless a revision says where to go on; a revision too old is a 410.
 */
export function watchObjects(
  call: Call,
  response: ServerResponse,
  present: (object: KubeObject) => unknown,
): void {
  const { store } = call.cluster;
  const { query } = call.request;
  const asked = query.get('resourceVersion') ?? '';
  const from = Number(asked || '0');
  if (!Number.isInteger(from) || from < 0)
    throw badRequest(`Invalid value: "${asked}": strconv.ParseUint: parsing "${asked}": invalid syntax`);
  const selected = selectorOf(call);
  const backlog = from === 0 ? undefined : store.since(from);
  const send = sender(response);
  if (from !== 0 && backlog === undefined) {
    send('ERROR', expired(from, store.oldest()).toStatus());
    response.end();
    return;
  }
  const show = (object: KubeObject) => present(inVersion(object, call.resource));
  const key = storeKey(call.resource);
  const forward = (change: Change): void => {
    if (change.key !== key) return;
    const event = eventFor(change, selected);
    if (event !== undefined) send(event, show(change.object));
    if (response.writableLength > slowReader) response.destroy();
  };
  if (from === 0)
    for (const object of store.list(key, call.info.namespace).filter(selected)) send('ADDED', show(object));
  if (isTrue(query.get('sendInitialEvents')))
    send('BOOKMARK', bookmark(call, { 'k8s.io/initial-events-end': 'true' }));
  for (const change of backlog ?? []) forward(change);
  const unsubscribe = store.subscribe(forward);
  const seconds = Math.min(Number(query.get('timeoutSeconds') ?? longest) || longest, longest);
  const timer = setTimeout(() => {
    if (isTrue(query.get('allowWatchBookmarks'))) send('BOOKMARK', bookmark(call));
    response.end();
  }, seconds * 1000);
  response.on('close', () => {
    clearTimeout(timer);
    unsubscribe();
  });
}

function sender(response: ServerResponse): Send {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  return (type, object) => void response.write(`${JSON.stringify({ type, object })}\n`);
}

/** An object that comes to satisfy a selector was added for its watchers; one that no longer does was deleted. */
function eventFor(change: Change, selected: (object: KubeObject) => boolean): Change['type'] | undefined {
  const was = change.before !== undefined && selected(change.before);
  const is = selected(change.object);
  if (change.type === 'DELETED') return was || is ? 'DELETED' : undefined;
  if (is) return was ? 'MODIFIED' : 'ADDED';
  return was ? 'DELETED' : undefined;
}

function bookmark(call: Call, annotations?: Readonly<Record<string, string>>): JsonObject {
  const metadata = {
    resourceVersion: String(call.cluster.store.revision()),
    creationTimestamp: null,
    ...(annotations && { annotations }),
  };
  return { kind: call.resource.kind, apiVersion: apiVersionOf(call.resource), metadata };
}
