import { type Action, equal, isObject, type Json, type JsonObject, Secret } from '@claw-run/core';

/**
 * Whether what is seen can be a step's own doing, half way: each part is as it was before or as it was to be. A part that is there before and after is missing in
 * between only where the actions take something away.
 */
export function isBetween(
  now: JsonObject,
  { before, after, actions }: { before: JsonObject; after: JsonObject; actions: readonly Action[] },
): boolean {
  const mayBeAbsent = actions.some(
    (action) => action.do === 'delete' || action.do === 'remove' || action.do === 'run',
  );
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].every((key) =>
    isPartBetween(now[key], { before: before[key], after: after[key], mayBeAbsent }),
  );
}

interface Ends {
  readonly before: Json | undefined;
  readonly after: Json | undefined;
  readonly mayBeAbsent: boolean;
}

function isPartBetween(now: Json | undefined, { before, after, mayBeAbsent }: Ends): boolean {
  if (isSame(now, before) || isSame(now, after)) return true;
  if (now === null || now === undefined) return mayBeAbsent;
  if (Array.isArray(now)) {
    const [old, fresh] = [listOf(before), listOf(after)];
    const known = [...old, ...fresh];
    const kept = old.filter((each) => has(fresh, each));
    return now.every((each) => has(known, each)) && kept.every((each) => has(now, each));
  }
  const texts = [now, before, after].map(fieldsOf);
  if (texts.every((fields) => fields !== undefined)) return areFieldsBetween(texts);
  if (!isObject(now)) return false;
  const [old, fresh] = [partsOf(before), partsOf(after)];
  const keys = new Set([...Object.keys(now), ...Object.keys(old), ...Object.keys(fresh)]);
  return [...keys].every((key) =>
    isPartBetween((now as JsonObject)[key], { before: old[key], after: fresh[key], mayBeAbsent }),
  );
}

/** A line of fields, as of passwd(5): programs change one field of it at a time. */
function fieldsOf(value: unknown): readonly string[] | undefined {
  const text = value instanceof Secret ? value.reveal() : value;
  return typeof text === 'string' && text.includes(':') && !text.includes('\n') ? text.split(':') : undefined;
}

function areFieldsBetween([now = [], before = [], after = []]: readonly (readonly string[])[]): boolean {
  return (
    now.length === before.length &&
    now.length === after.length &&
    now.every((field, index) => field === before[index] || field === after[index])
  );
}

function isSame(a: Json | undefined, b: Json | undefined): boolean {
  return equal(a ?? null, b ?? null);
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function partsOf(value: Json | undefined): JsonObject {
  return isObject(value) ? (value as JsonObject) : {};
}

function has(list: readonly Json[], wanted: Json): boolean {
  return list.some((each) => equal(each, wanted));
}
