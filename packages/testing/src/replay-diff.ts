import type { Difference, Json } from '@claw-run/core';

/** What a diff makes of the values it starts from: each difference put in its place. */
export function replayDiff(before: Json, differences: readonly Difference[]): Json | undefined {
  return differences.reduce<Json | undefined>((value, { path, after }) => put(value, path, after), before);
}

function put(
  value: Json | undefined,
  [key, ...rest]: Difference['path'],
  after: Json | undefined,
): Json | undefined {
  if (key === undefined) return after;
  if (Array.isArray(value)) {
    return value.map((item: Json, index) => (index === key ? (put(item, rest, after) ?? null) : item));
  }
  const map = (value ?? {}) as { readonly [key: string]: Json | undefined };
  const { [key]: inner, ...others } = map;
  const changed = put(inner, rest, after);
  return changed === undefined ? others : { ...others, [key]: changed };
}
