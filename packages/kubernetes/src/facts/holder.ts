import { type ClusterObject, type Fact, nameOf, type ObjectRef, objectFact, Secret } from '@claw-run/core';
import { at, mapAt, textAt } from '../lib/json-at.ts';

/** Some keys of a ConfigMap or Secret. */
export interface Holder {
  readonly exists: boolean;
  readonly values: { readonly [key: string]: Stored | null };
  /** Whether it has keys besides these. */
  readonly otherKeys: { readonly [F in Field]: boolean };
  readonly immutable: boolean;
}

/** A value as it is stored: the text of a ConfigMap, its bytes, or the bytes of a Secret as base64, which is opaque. */
export type Stored = string | Bytes | Secret;

/** What a ConfigMap has under `binaryData`. */
export interface Bytes {
  readonly base64: string;
}

export type Field = 'data' | 'binaryData';

/** Where an object has a value. */
export function fieldOf(value: Stored): Field {
  return isBytes(value) ? 'binaryData' : 'data';
}

function isBytes(value: Stored): value is Bytes {
  return typeof value !== 'string' && !(value instanceof Secret);
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

/** The text under a key, whichever kind holds it; secrets stay opaque. Nothing where there is none, or where its bytes are no text. */
export function storedText(value: Stored | null | undefined): string | Secret | undefined {
  if (value === null || value === undefined || typeof value === 'string') return value ?? undefined;
  const text = textOf(value instanceof Secret ? value.reveal() : value.base64);
  return text !== undefined && value instanceof Secret ? new Secret(text) : text;
}

/** The clear text under a key, for pure functions that have to look into it. */
export function clearText(value: Stored | null | undefined): string | undefined {
  const text = storedText(value);
  return text instanceof Secret ? text.reveal() : text;
}

/** Whether something is stored that is no text. */
export function isBinary(value: Stored | null | undefined): boolean {
  return value !== null && value !== undefined && storedText(value) === undefined;
}

/** A text as the kind of holder stores it. */
export function valueFor(kind: string, text: string | Secret): string | Secret {
  const clear = text instanceof Secret ? text.reveal() : text;
  return kind === 'Secret' ? new Secret(Buffer.from(clear, 'utf8').toString('base64')) : clear;
}

/** What is stored elsewhere, byte by byte, as a Secret stores it. */
export function secretCopy(value: Stored): Secret {
  if (value instanceof Secret) return value;
  return new Secret(isBytes(value) ? value.base64 : Buffer.from(value, 'utf8').toString('base64'));
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(base64: string): string | undefined {
  try {
    return utf8.decode(Buffer.from(base64, 'base64'));
  } catch {
    return undefined;
  }
}

function parseHolder(object: ClusterObject | null, keys: readonly string[]): Holder {
  const others = (field: Field) =>
    object !== null && Object.keys(mapAt(object, field)).some((key) => !keys.includes(key));
  return {
    exists: object !== null,
    values: Object.fromEntries(keys.map((key) => [key, parseValue(object, key)])),
    otherKeys: { data: others('data'), binaryData: others('binaryData') },
    immutable: at(object ?? undefined, 'immutable') === true,
  };
}

function parseValue(object: ClusterObject | null, key: string): Stored | null {
  const value = at(object ?? undefined, 'data', key);
  if (object?.kind === 'Secret') {
    if (value instanceof Secret) return value;
    return typeof value === 'string' ? new Secret(value) : null;
  }
  const bytes = textAt(object ?? undefined, 'binaryData', key);
  return textAt(object ?? undefined, 'data', key) ?? (bytes === undefined ? null : { base64: bytes });
}
