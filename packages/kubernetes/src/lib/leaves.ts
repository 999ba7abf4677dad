import type { Json } from '@claw-run/core';
import { isMap } from './json-at.ts';

/** The values of a tree that are no maps, or empty ones, each with its path. */
export function leaves(
  value: Json,
  path: string,
): readonly { readonly path: string; readonly value: Json }[] {
  if (!isMap(value) || Object.keys(value).length === 0) return [{ path, value }];
  return Object.entries(value).flatMap(([key, inner]) =>
    inner === undefined
      ? []
      : leaves(inner, /^[^.[\]"]+$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`),
  );
}
