import type { Json, PatchOperation } from '@claw-run/core';
import { isMap } from '../lib/json-at.ts';
import { type Found, pointer, pointerKeys } from '../lib/path.ts';
import { patchBetween } from './object-actions.ts';

/** Some fields of an object, by path. */
export type Fields = { readonly [path: string]: Found };

/** The JSON Patch that leads fields from one state to another; missing parents are created, and go again with the last field. */
export function fieldPatch(from: Fields, to: Fields): readonly PatchOperation[] {
  const paths = Object.keys(to);
  const changes = paths.flatMap((path) => {
    const [before, after] = [from[path], to[path]];
    if (before === undefined || after === undefined || !('value' in before) || !('value' in after)) return [];
    return patchBetween(before.value, after.value, pointerKeys(before.at));
  });
  const removed = trees(to, from).flatMap(([path, value]): PatchOperation[] => [
    { op: 'test', path, value },
    { op: 'remove', path },
  ]);
  const added = trees(from, to).map(([path, value]): PatchOperation => ({ op: 'add', path, value }));
  return [...changes, ...removed, ...added];
}

/** What a field is once it has a value. */
export function withValue(field: Found, value: Json): Found {
  return 'unresolved' in field ? field : { at: field.at, value };
}

/** What a field is once it is taken away. */
export function withoutValue(field: Found): Found {
  return 'value' in field ? { at: field.at, missing: field.at } : field;
}

/** What is missing in `lacking` and has a value in `having`, joined into one tree for each missing parent. */
function trees(lacking: Fields, having: Fields): readonly (readonly [string, Json])[] {
  const grown = new Map<string, Json>();
  for (const [path, field] of Object.entries(lacking)) {
    const other = having[path];
    if (!('missing' in field) || other === undefined || !('value' in other)) continue;
    const keys = pointerKeys(other.at).slice(pointerKeys(field.missing).length);
    grown.set(field.missing, plant(grown.get(field.missing), keys, other.value));
  }
  return [...grown].map(([path, value]) => [path.startsWith('/') ? path : pointer([path]), value]);
}

function plant(tree: Json | undefined, keys: readonly string[], value: Json): Json {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  const inner = isMap(tree) ? tree : {};
  return { ...inner, [key]: plant(inner[key], rest, value) };
}
