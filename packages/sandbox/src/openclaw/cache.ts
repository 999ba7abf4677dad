import { setTimeout as pause } from 'node:timers/promises';
import { type KubeClient, KubeError } from './client.ts';
import { type KubeObject, keyOf, type Resource } from './resources.ts';

/** A local copy of all objects of a kind, kept current by a watch. */
export interface Cache<T extends KubeObject> {
  /** Resolves once the first list has arrived. */
  readonly ready: Promise<void>;
  get(key: string): T | undefined;
  all(): readonly T[];
  /** Takes in what a write answered, so that the writer sees its own work before the watch tells of it. */
  put(object: T): void;
  /** Forgets an object that was just removed; late news of it are ignored. */
  forget(object: T): void;
}

export interface CacheOptions<T> {
  readonly signal: AbortSignal;
  readonly onChange: (object: T, type: 'changed' | 'gone') => void;
}

const RETRY_MS = 500;

/** Lists and watches a kind until the signal aborts; lists anew when the watch cannot be continued. */
export function watchAll<T extends KubeObject>(
  client: KubeClient,
  resource: Resource,
  { signal, onChange }: CacheOptions<T>,
): Cache<T> {
  const objects = new Map<string, T>();
  const removed = new Set<string>();
  const first = Promise.withResolvers<void>();
  first.promise.catch(() => {});
  let resourceVersion: string | undefined;

  const put = (object: T) => {
    const key = keyOf(object);
    if (removed.has(object.metadata.uid ?? '') || !isNewer(object, objects.get(key))) return;
    objects.set(key, object);
    onChange(object, 'changed');
  };
  const drop = (object: T) => {
    const key = keyOf(object);
    if (objects.get(key)?.metadata.uid !== object.metadata.uid) return;
    objects.delete(key);
    onChange(object, 'gone');
  };
  const relist = async () => {
    const { items, metadata } = await client.list<T>(resource);
    const found = new Set(items.map(keyOf));
    for (const [key, object] of objects) if (!found.has(key)) drop(object);
    for (const item of items) put(item);
    resourceVersion = metadata.resourceVersion;
    removed.clear();
    first.resolve();
  };
  const follow = () =>
    client.watch<T>(resource, {
      ...(resourceVersion && { resourceVersion }),
      signal,
      onEvent: ({ type, object }) => {
        if (type === 'ERROR') {
          resourceVersion = undefined;
          return;
        }
        if (type === 'DELETED') drop(object);
        else if (type !== 'BOOKMARK') put(object);
        resourceVersion = object.metadata.resourceVersion ?? resourceVersion;
      },
    });

  const run = async () => {
    while (!signal.aborted) {
      try {
        if (resourceVersion === undefined) await relist();
        await follow();
      } catch (error) {
        if (signal.aborted) break;
        const code = error instanceof KubeError ? error.code : -1;
        if (code !== 0) resourceVersion = undefined;
        if (code === 401 || code === 403) first.reject(error);
        await pause(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
    first.reject(new Error('closed before the first list'));
  };
  void run();

  return {
    ready: first.promise,
    get: (key) => objects.get(key),
    all: () => [...objects.values()],
    put,
    forget: (object) => {
      removed.add(object.metadata.uid ?? '');
      drop(object);
    },
  };
}

/** Versions count upwards on every API server in use, though the API promises only that they differ. */
function isNewer(object: KubeObject, known: KubeObject | undefined): boolean {
  if (known === undefined || known.metadata.uid !== object.metadata.uid) return true;
  return Number(object.metadata.resourceVersion) > Number(known.metadata.resourceVersion);
}
