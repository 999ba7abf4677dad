import { isObject, type Json, Secret } from '@claw-run/core';

/** The value below `keys`, or `undefined` where the way there ends. */
export function at(value: Json | undefined, ...keys: readonly (string | number)[]): Json | undefined {
  return keys.reduce<Json | undefined>((inner, key) => {
    if (isList(inner)) return typeof key === 'number' ? inner[key] : undefined;
    return isMap(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined;
  }, value);
}

export function isMap(value: Json | undefined): value is { readonly [key: string]: Json | undefined } {
  return isObject(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

export function textAt(value: Json | undefined, ...keys: readonly (string | number)[]): string | undefined {
  const found = at(value, ...keys);
  return typeof found === 'string' ? found : undefined;
}

export function numberAt(value: Json | undefined, ...keys: readonly (string | number)[]): number | undefined {
  const found = at(value, ...keys);
  return typeof found === 'number' ? found : undefined;
}

export function listAt(value: Json | undefined, ...keys: readonly (string | number)[]): readonly Json[] {
  const found = at(value, ...keys);
  return isList(found) ? found : [];
}

export function mapAt(
  value: Json | undefined,
  ...keys: readonly (string | number)[]
): { readonly [key: string]: Json | undefined } {
  const found = at(value, ...keys);
  return isMap(found) ? found : {};
}

export function textsAt(value: Json | undefined, ...keys: readonly (string | number)[]): readonly string[] {
  return listAt(value, ...keys).filter((item) => typeof item === 'string');
}

/** `production` of `"production"`; other values as JSON. For messages. */
export function show(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  return value instanceof Secret ? String(value) : JSON.stringify(value);
}

/** `a, b and c`. */
export function listed(items: readonly string[]): string {
  if (items.length > 6) return `${items.slice(0, 4).join(', ')} and ${items.length - 4} more`;
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** `1 pod`, `2 pods`. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}
