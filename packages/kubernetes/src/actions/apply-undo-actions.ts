import {
  type ClusterAction,
  type ClusterObject,
  equal,
  type Json,
  type PatchOperation,
  refOf,
} from '@claw-run/core';
import { choosesInLists } from '../facts/applied-form.ts';
import { isApplied, type Owners } from '../facts/owners.ts';
import { isList, isMap } from '../lib/json-at.ts';
import { pointer, pointerKeys } from '../lib/path.ts';
import { objectActions, patchBetween } from './object-actions.ts';

/** What leads an object back from what an apply made of it: first its values, then whose its fields are. */
export function applyUndoActions(
  from: ClusterObject | null,
  to: ClusterObject | null,
  owned: { from: Owners | null | undefined; to: Owners | null | undefined; own: readonly Json[] },
): readonly ClusterAction[] {
  const values = objectActions(from, to).map((action) =>
    action.do === 'patch' && choosesInLists(action.ref.kind)
      ? { ...action, patch: itemByItem(action.patch) }
      : action,
  );
  if (from === null || to === null || equal(owned.from ?? null, owned.to ?? null)) return values;
  const own = owned.to?.applied ? owned.own : owned.own.filter((entry) => !isApplied(entry));
  const entries = [...(owned.to?.others ?? []), ...own];
  // an empty list would be passed over, an empty entry empties it
  const value = entries.length === 0 ? [{}] : entries;
  const patch = [{ op: 'add', path: '/metadata/managedFields', value }] as const;
  return [...values, { do: 'patch', ref: refOf(to), patch }];
}

/** A list of objects is changed item by item: what the server chose in them is left out of what is known of them, and is to stay. */
function itemByItem(patch: readonly PatchOperation[]): readonly PatchOperation[] {
  return patch.flatMap((operation): readonly PatchOperation[] => {
    const other = patch.find((one) => one !== operation && one.path === operation.path);
    if (operation.op === 'test' && isObjects(operation.value)) {
      return operation.value.flatMap((item, index) =>
        testsOf(item, [...pointerKeys(operation.path), `${index}`]),
      );
    }
    if (
      operation.op === 'replace' &&
      isObjects(operation.value) &&
      other?.op === 'test' &&
      isObjects(other.value)
    )
      return itemsBetween(other.value, operation.value, operation.path);
    return [operation];
  });
}

/** Items are taken away, or changed in their places; anything else replaces them all. */
function itemsBetween(from: readonly Json[], to: readonly Json[], path: string): readonly PatchOperation[] {
  const gone = from.flatMap((item, index) => (to.some((one) => equal(one, item)) ? [] : [index]));
  if (from.length - gone.length === to.length)
    return gone.reverse().map((index) => ({ op: 'remove', path: `${path}/${index}` }));
  if (from.length === to.length)
    return from.flatMap((item, index) => patchBetween(item, to[index]!, [...pointerKeys(path), `${index}`]));
  return [{ op: 'replace', path, value: to }];
}

function testsOf(value: Json, keys: readonly string[]): readonly PatchOperation[] {
  if (!isMap(value)) return [{ op: 'test', path: pointer(keys), value }];
  return Object.entries(value).flatMap(([key, inner]) =>
    inner === undefined ? [] : testsOf(inner, [...keys, key]),
  );
}

function isObjects(value: Json): value is readonly Json[] {
  return isList(value) && value.every(isMap);
}
