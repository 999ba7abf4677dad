import { type ClusterObject, type Fact, nameOf, type ObjectRef, objectFact, Secret } from '@claw-run/core';
import { at, mapAt, textAt } from '../lib/json-at.ts';

/** Some keys of a ConfigMap or Secret. Values of a Secret are base64, and opaque. */
export interface Holder {
  readonly exists: boolean;
  readonly values: { readonly [key: string]: string | Secret | null };
  /** Whether it has keys besides these. */
  readonly otherKeys: boolean;
  readonly immutable: boolean;
}

export function holder(ref: ObjectRef, keys: readonly string[]): Fact<'cluster', Holder> {
  return objectFact({
    key: `${nameOf(ref)} ${keys.length === 0 ? 'presence' : keys.join(', ')}`,
    ref,
    parse: (object) => parseHolder(object, keys),
  });
}

/** The values under some keys, without regard to what else there is. */
export function entryValues(ref: ObjectRef, keys: readonly string[]): Fact<'cluster', Holder['values']> {
  return objectFact({
    key: `${nameOf(ref)} values of ${keys.join(', ')}`,
    ref,
    parse: (object) => parseHolder(object, keys).values,
  });
}

/** The text under a key, whichever kind holds it; secrets stay opaque. */
export function storedText(value: string | Secret | null | undefined): string | Secret | undefined {
  if (value === null || value === undefined) return undefined;
  return value instanceof Secret ? new Secret(Buffer.from(value.reveal(), 'base64').toString('utf8')) : value;
}

/** The clear text under a key, for pure functions that have to look into it. */
export function clearText(value: string | Secret | null | undefined): string | undefined {
  const text = storedText(value);
  return text instanceof Secret ? text.reveal() : text;
}

/** A text as the kind of holder stores it. */
export function valueFor(kind: string, text: string | Secret): string | Secret {
  const clear = text instanceof Secret ? text.reveal() : text;
  return kind === 'Secret' ? new Secret(Buffer.from(clear, 'utf8').toString('base64')) : clear;
}

function parseHolder(object: ClusterObject | null, keys: readonly string[]): Holder {
  const all =
    object === null
      ? []
      : [...Object.keys(mapAt(object, 'data')), ...Object.keys(mapAt(object, 'binaryData'))];
  return {
    exists: object !== null,
    values: Object.fromEntries(keys.map((key) => [key, parseValue(object, key)])),
    otherKeys: all.some((key) => !keys.includes(key)),
    immutable: at(object ?? undefined, 'immutable') === true,
  };
}

function parseValue(object: ClusterObject | null, key: string): string | Secret | null {
  const value = at(object ?? undefined, 'data', key);
  if (object?.kind === 'Secret') {
    if (value instanceof Secret) return value;
    return typeof value === 'string' ? new Secret(value) : null;
  }
  return textAt(object ?? undefined, 'data', key) ?? null;
}
