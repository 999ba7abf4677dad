import { type ClusterObject, type Fact, type Json, nameOf, type ObjectRef, objectFact } from '@claw-run/core';
import { isMap, listAt, mapAt, textAt } from '../lib/json-at.ts';
import { withoutControllers } from './normal-form.ts';

/** The field manager that all of ours bears. */
export const ours = 'claw-run';

/** Who owns the fields of an object, as far as an apply may change it. */
export interface Owners {
  /** What others own. */
  readonly others: readonly Json[];
  /** Whether we have applied it before. */
  readonly applied: boolean;
}

export function owners(ref: ObjectRef): Fact<'cluster', Owners | null> {
  return objectFact({ key: `${nameOf(ref)} owners`, ref, parse: (object) => object && ownersOf(object) });
}

/** What we own of an object ourselves. */
export function ownEntries(ref: ObjectRef): Fact<'cluster', readonly Json[]> {
  return objectFact({
    key: `${nameOf(ref)} own fields`,
    ref,
    parse: (object) => entriesOf(object).filter(isOurs),
  });
}

/** Without times, and without the status, which is written all the while; `null` where nobody but our patches owns anything. */
export function ownersOf(object: ClusterObject): Owners | null {
  const entries = entriesOf(object);
  const others = entries.filter((entry) => !isOurs(entry)).flatMap((entry) => settled(entry, object.kind));
  const applied = entries.some(isApplied);
  return others.length === 0 && !applied ? null : { others, applied };
}

/** The fields of an object that a manifest of ours named, as trees of `fieldsV1`. */
export function appliedFields(object: ClusterObject): readonly Json[] {
  return entriesOf(object)
    .filter(isApplied)
    .map((entry) => mapAt(entry, 'fieldsV1'));
}

function entriesOf(object: ClusterObject | null): readonly Json[] {
  return listAt(object ?? undefined, 'metadata', 'managedFields');
}

function isOurs(entry: Json): boolean {
  return textAt(entry, 'manager') === ours;
}

/** Whether an entry of `managedFields` is that of our manifests. */
export function isApplied(entry: Json): boolean {
  return isOurs(entry) && textAt(entry, 'operation') === 'Apply';
}

function settled(entry: Json, kind: string): readonly Json[] {
  if (!isMap(entry) || textAt(entry, 'subresource') === 'status') return [];
  const fields = withoutControllers(mapAt(entry, 'fieldsV1'), kind, (key) => `f:${key}`);
  if (Object.keys(mapAt(fields)).length === 0) return [];
  const { time: _, ...rest } = entry;
  return [{ ...rest, fieldsV1: fields }];
}
