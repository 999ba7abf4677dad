import { isObject, type Json, type Redactor, Secret } from '@claw-run/core';

/** Where sealed texts go, and what stands for them. */
export interface Sealer {
  /** Stands for a secret, or for a text that holds one. */
  readonly apart: (text: string) => Json;
  /** Stands for what was seen on a target or is to be written there. */
  readonly inPlace: (text: string) => Json;
}

/** Gives back what stands behind. */
export interface Opener {
  readonly apart: (mark: unknown) => string;
  readonly inPlace: (mark: unknown) => string;
}

/** What was seen on a target and what is written there, by the names that records and plans have for it. */
const ofTargets: ReadonlySet<string> = new Set(['before', 'after', 'diff', 'action']);

/**
 * The same JSON with marks for what must not be read: `$secret` for a secret, `$text` for a text that holds one, and `$json` for what is the target's: a
 * file that a step edits may hold passwords that nobody told us of. The target's are sealed whole, so nothing in them has to be recognised.
 */
export function sealValue(value: unknown, redactor: Redactor, sealer: Sealer): Json {
  const whole = (item: unknown): Json => ({ $json: sealer.inPlace(JSON.stringify(encoded(item))) });
  const sealed = (item: unknown): Json => {
    if (item instanceof Secret) return { $secret: sealer.apart(item.reveal()) };
    if (typeof item === 'string') return redactor.holds(item) ? { $text: sealer.apart(item) } : item;
    if (Array.isArray(item)) return item.map(sealed);
    if (!isObject(item)) return item as Json;
    if (isMark(item)) return whole(item);
    return Object.fromEntries(
      Object.entries(item)
        .filter(([, each]) => each !== undefined)
        .map(([name, each]) => {
          if (ofTargets.has(name)) return [name, whole(each)];
          // one by one: each of them is recorded again when it is performed
          if (name === 'actions' && Array.isArray(each)) return [name, each.map(whole)];
          return [name, sealed(each)];
        }),
    );
  };
  return sealed(value);
}

/** The JSON as it was. */
export function openValue(value: unknown, opener: Opener, redactor: Redactor): unknown {
  const secret = (text: string) => {
    const found = new Secret(text);
    redactor.add(found);
    return found;
  };
  const opened = (item: unknown): unknown => {
    if (Array.isArray(item)) return item.map(opened);
    if (!isObject(item)) return item;
    if ('$secret' in item) return secret(opener.apart(item.$secret));
    if ('$text' in item) return opener.apart(item.$text);
    if ('$json' in item) return decoded(JSON.parse(opener.inPlace(item.$json)), secret);
    return Object.fromEntries(Object.entries(item).map(([name, each]) => [name, opened(each)]));
  };
  return opened(value);
}

/** JSON in which secrets are marked; what is sealed as a whole may hold them in clear. */
function encoded(value: unknown): unknown {
  if (value instanceof Secret) return { $secret: value.reveal() };
  if (Array.isArray(value)) return value.map(encoded);
  if (!isObject(value)) return value;
  const object = Object.fromEntries(Object.entries(value).map(([name, item]) => [name, encoded(item)]));
  return isMark(value) ? { $object: object } : object;
}

function decoded(value: unknown, secret: (text: string) => Secret): unknown {
  if (Array.isArray(value)) return value.map((item) => decoded(item, secret));
  if (!isObject(value)) return value;
  if (isMark(value) && typeof value.$secret === 'string') return secret(value.$secret);
  const inner = isMark(value) && isObject(value.$object) ? value.$object : value;
  return Object.fromEntries(Object.entries(inner).map(([name, item]) => [name, decoded(item, secret)]));
}

/** An object of somebody else's that looks like one of our marks must not be taken for one. */
function isMark(value: Record<string, unknown>): boolean {
  return ['$secret', '$text', '$json', '$object'].some((name) => Object.hasOwn(value, name));
}
