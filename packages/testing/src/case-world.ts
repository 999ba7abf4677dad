import {
  type Action,
  type ClusterObject,
  type ClusterRead,
  equal,
  type HostRead,
  isObject,
  type Json,
  mapSecrets,
  nameOf,
  type PatchOperation,
  refOf,
} from '@claw-run/core';

/** The objects of a cluster, by `Kind namespace/name`. */
export type World = ReadonlyMap<string, ClusterObject>;

/** What a `get` or `list` finds in the world; `undefined` for other reads. */
export function readObjects(read: HostRead | ClusterRead, world: World): Json | undefined {
  if (read.read === 'get') return world.get(nameOf(read.ref)) ?? null;
  if (read.read !== 'list') return undefined;
  return [...world.values()].filter(
    (object) =>
      object.kind === read.kind &&
      (read.namespace === undefined || object.metadata.namespace === read.namespace) &&
      (read.labels ?? '')
        .split(',')
        .filter((label) => label !== '')
        .every((label) => `${object.metadata.labels?.[label.split('=')[0] ?? '']}` === label.split('=')[1]),
  );
}

/** The world after actions; throws where the API server would refuse one. */
export function performed(world: World, actions: readonly Action[]): World {
  const next = new Map(world);
  for (const secretive of actions) {
    // The API server is sent what a secret hides.
    const action = mapSecrets(secretive, (secret) => secret.reveal()) as Action;
    if (action.do === 'create') {
      const key = nameOf(refOf(action.object));
      if (next.has(key)) throw new Error(`${key} exists already`);
      next.set(key, action.object);
    } else if (action.do === 'delete') {
      if (!next.delete(nameOf(action.ref))) throw new Error(`there is no ${nameOf(action.ref)}`);
    } else if (action.do === 'patch') {
      const key = nameOf(action.ref);
      const object = next.get(key);
      if (object === undefined) throw new Error(`there is no ${key}`);
      next.set(key, action.patch.reduce<Json>(patched, object) as ClusterObject);
    } else if (action.do === 'apply') {
      const key = nameOf(refOf(action.object));
      next.set(key, merged(next.get(key), action.object) as ClusterObject);
    }
  }
  return next;
}

/** One operation of JSON Patch (RFC 6902). */
function patched(root: Json, operation: PatchOperation): Json {
  const keys = operation.path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return change(root, keys, operation);
}

function change(value: Json | undefined, [key, ...rest]: readonly string[], operation: PatchOperation): Json {
  if (key === undefined) throw new Error(`${operation.path}: nothing to change`);
  if (Array.isArray(value)) return changedList(value, Number(key), rest, operation);
  if (!isObject(value)) throw new Error(`${operation.op} ${operation.path}: there is no parent`);
  const map = value as { readonly [key: string]: Json | undefined };
  if (rest.length > 0) return { ...map, [key]: change(map[key], rest, operation) };
  if (operation.op === 'add') return { ...map, [key]: operation.value };
  if (map[key] === undefined) throw new Error(`${operation.op} ${operation.path}: there is no such value`);
  if (operation.op === 'replace') return { ...map, [key]: operation.value };
  if (operation.op === 'test') return tested(map, map[key], operation);
  return Object.fromEntries(Object.entries(map).filter(([other]) => other !== key));
}

function changedList(
  list: readonly Json[],
  index: number,
  rest: readonly string[],
  operation: PatchOperation,
): Json {
  if (rest.length > 0) return list.with(index, change(list[index], rest, operation));
  if (operation.op === 'add') {
    if (index > list.length) throw new Error(`add ${operation.path}: the list has ${list.length} items`);
    return list.toSpliced(index, 0, operation.value);
  }
  if (index >= list.length)
    throw new Error(`${operation.op} ${operation.path}: the list has ${list.length} items`);
  if (operation.op === 'replace') return list.with(index, operation.value);
  if (operation.op === 'test') return tested(list, list[index], operation);
  return list.toSpliced(index, 1);
}

function tested(
  whole: Json,
  value: Json | undefined,
  operation: PatchOperation & { readonly op: 'test' | 'add' | 'replace' },
): Json {
  if (!equal(value, operation.value)) {
    throw new Error(
      `test ${operation.path}: ${JSON.stringify(value)} is not ${JSON.stringify(operation.value)}`,
    );
  }
  return whole;
}

function merged(stored: Json | undefined, wanted: Json): Json {
  if (!isObject(stored) || !isObject(wanted)) return wanted;
  const entries = Object.entries(wanted as { readonly [key: string]: Json | undefined }).map(
    ([key, value]) => [
      key,
      value === undefined
        ? undefined
        : merged((stored as { readonly [key: string]: Json | undefined })[key], value),
    ],
  );
  return { ...(stored as { readonly [key: string]: Json | undefined }), ...Object.fromEntries(entries) };
}
