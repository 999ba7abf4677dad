import type { Json } from '@claw-run/core';
import { at, isList, isMap } from './json-at.ts';

/** One part of a path: a key, an index, or the item of a list whose `key` has `value`. */
export type Segment =
  | { readonly key: string }
  | { readonly index: number }
  | { readonly where: string; readonly is: string };

/** Where a path leads in a value: to a value, to nothing (from `missing` on), or nowhere it could be written. */
export type Found =
  | { readonly at: string; readonly value: Json }
  | { readonly at: string; readonly missing: string }
  | { readonly unresolved: string };

/**
 * Reads `spec.containers[name=worker].image`, `metadata.annotations["example.org/a.b"]`, `spec.rules[0]`.
 * Gives `undefined` when it is not a path.
 */
export function parsePath(path: string): readonly Segment[] | undefined {
  const part = /(?:^|\.)([^.[\]"]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)+)"\]|\[([^=\]"]+)=([^\]]+)\]/gy;
  const segments: Segment[] = [];
  while (part.lastIndex < path.length) {
    const match = part.exec(path);
    if (match === null) return undefined;
    const [, key, index, quoted, where, is] = match;
    if (key !== undefined) segments.push({ key });
    else if (index !== undefined) segments.push({ index: Number(index) });
    else if (quoted !== undefined) segments.push({ key: quoted.replaceAll(/\\(.)/g, '$1') });
    else if (where !== undefined && is !== undefined) segments.push({ where, is });
  }
  return segments.length === 0 ? undefined : segments;
}

/** Follows a path; selectors become indexes, so that the result can be written by JSON Patch. */
export function follow(root: Json, segments: readonly Segment[]): Found {
  const keys: (string | number)[] = [];
  let value: Json = root;
  for (const [position, segment] of segments.entries()) {
    const key = keyOf(segment, value);
    if (typeof key === 'object') return key;
    const next = at(value, ...[key]);
    keys.push(key);
    if (next === undefined) return missing(keys, value, segments.slice(position + 1));
    value = next;
  }
  return { at: pointer(keys), value };
}

/** The value at a path, without regard to writing it. */
export function valueAt(root: Json, path: string): Json | undefined {
  const segments = parsePath(path);
  if (segments === undefined) return undefined;
  const found = follow(root, segments);
  return 'value' in found ? found.value : undefined;
}

/** A JSON Pointer (RFC 6901). */
export function pointer(keys: readonly (string | number)[]): string {
  return keys.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The keys of a JSON Pointer. */
export function pointerKeys(text: string): readonly string[] {
  return text
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function keyOf(segment: Segment, value: Json): string | number | { unresolved: string } {
  if ('key' in segment)
    return isMap(value) ? segment.key : { unresolved: `${segment.key}: its parent is not a map` };
  if (!isList(value)) return { unresolved: `${written(segment)}: there is no list` };
  if ('index' in segment) {
    return segment.index < value.length
      ? segment.index
      : { unresolved: `${written(segment)}: the list has ${value.length} items` };
  }
  const index = value.findIndex((item) => String(at(item, segment.where)) === segment.is);
  return index < 0 ? { unresolved: `${written(segment)}: the list has no such item` } : index;
}

function missing(keys: readonly (string | number)[], parent: Json, rest: readonly Segment[]): Found {
  if (!isMap(parent)) return { unresolved: `${pointer(keys)}: its parent is not a map` };
  const blocked = rest.find((segment) => !('key' in segment));
  if (blocked !== undefined) return { unresolved: `${written(blocked)}: there is no list` };
  const deeper = rest.flatMap((segment) => ('key' in segment ? [segment.key] : []));
  return { at: pointer([...keys, ...deeper]), missing: pointer(keys) };
}

function written(segment: Segment): string {
  if ('key' in segment) return segment.key;
  return 'index' in segment ? `[${segment.index}]` : `[${segment.where}=${segment.is}]`;
}
