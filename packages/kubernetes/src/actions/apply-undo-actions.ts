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
import { objectActions } from './object-actions.ts';

/** What leads an object back from what an apply made of it: first its values, then whose its fields are. */
export function applyUndoActions(
  from: ClusterObject | null,
  to: ClusterObject | null,
  owned: { from: Owners | null | undefined; to: Owners | null | undefined; own: readonly Json[] },
): readonly ClusterAction[] {
  const values = objectActions(from, to).map((action) =>
    action.do === 'patch' && choosesInLists(action.ref.kind)
      ? { ...action, patch: action.patch.flatMap(testedByParts) }
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

/** A list of objects is tested field by field: what the server chose in them is left out of what is known of them. */
function testedByParts(operation: PatchOperation): readonly PatchOperation[] {
  if (operation.op !== 'test' || !isList(operation.value) || !operation.value.every(isMap))
    return [operation];
  return operation.value.flatMap((item, index) =>
    Object.entries(item).flatMap(([key, value]): readonly PatchOperation[] =>
      value === undefined
        ? []
        : testedByParts({
            op: 'test',
            path: pointer([...pointerKeys(operation.path), String(index), key]),
            value,
          }),
    ),
  );
}
