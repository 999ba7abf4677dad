import { copy, type KubeObject } from './objects.ts';

/** One change, as the watches see it. `before` is missing for a creation. */
export interface Change {
  readonly key: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  readonly object: KubeObject;
  readonly before?: KubeObject;
}

/** Keeps all objects in memory, by resource (`group/plural`), with one revision counter for all of them. */
export interface Store {
  get(key: string, namespace: string, name: string): KubeObject | undefined;
  list(key: string, namespace?: string): readonly KubeObject[];
  put(key: string, object: KubeObject): KubeObject;
  remove(key: string, object: KubeObject): KubeObject;
  revision(): number;
  /** The changes after a revision, or undefined when they are no longer kept. */
  since(revision: number): readonly Change[] | undefined;
  oldest(): number;
  subscribe(listener: (change: Change) => void): () => void;
  keys(): readonly string[];
}

const historyLimit = 10_000;

/** An empty store. Objects that go in are copied; objects that come out must not be changed. */
export function createStore(): Store {
  const kinds = new Map<string, Map<string, KubeObject>>();
  const listeners = new Set<(change: Change) => void>();
  const history: Change[] = [];
  let forgotten = 0;
  let revision = 1;

  const record = (change: Change): void => {
    history.push(change);
    if (history.length > historyLimit) {
      const dropped = history.splice(0, historyLimit / 2);
      forgotten = dropped.at(-1)?.revision ?? forgotten;
    }
    for (const listener of [...listeners]) listener(change);
  };
  const objectsOfKind = (key: string): Map<string, KubeObject> => {
    const present = kinds.get(key) ?? new Map<string, KubeObject>();
    kinds.set(key, present);
    return present;
  };

  return {
    get: (key, namespace, name) => kinds.get(key)?.get(`${namespace}/${name}`),
    list(key, namespace) {
      const all = [...(kinds.get(key) ?? [])]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, object]) => object);
      return namespace ? all.filter((object) => object.metadata.namespace === namespace) : all;
    },
    put(key, object) {
      const at = place(object);
      const before = kinds.get(key)?.get(at);
      revision += 1;
      const stored = withRevision(object, revision);
      objectsOfKind(key).set(at, stored);
      record({
        key,
        type: before === undefined ? 'ADDED' : 'MODIFIED',
        revision,
        object: stored,
        ...(before && { before }),
      });
      return stored;
    },
    remove(key, object) {
      const before = kinds.get(key)?.get(place(object));
      kinds.get(key)?.delete(place(object));
      revision += 1;
      const last = withRevision(object, revision);
      record({ key, type: 'DELETED', revision, object: last, ...(before && { before }) });
      return last;
    },
    revision: () => revision,
    since: (after) => (after < forgotten ? undefined : history.filter((change) => change.revision > after)),
    oldest: () => forgotten + 1,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    keys: () => [...kinds.keys()],
  };
}

function place(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

function withRevision(object: KubeObject, revision: number): KubeObject {
  const stored = copy(object);
  stored.metadata.resourceVersion = String(revision);
  return stored;
}
