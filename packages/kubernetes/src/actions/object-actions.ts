import {
  type ClusterAction,
  type ClusterObject,
  equal,
  type Json,
  type PatchOperation,
  refOf,
} from '@claw-run/core';
import { hidesAnnotations } from '../facts/normal-form.ts';
import { isMap, listed } from '../lib/json-at.ts';
import { pointer } from '../lib/path.ts';

/**
 * Leads an object from one normal form to another: created, deleted, patched, or replaced where a part cannot be changed.
 * Each value that a patch replaces or removes is tested first, so that a change by someone else is a conflict.
 */
export function objectActions(
  from: ClusterObject | null,
  to: ClusterObject | null,
): readonly ClusterAction[] {
  if (to === null) return from === null ? [] : [remove(from)];
  if (from === null) return [{ do: 'create', object: to }];
  if (replacementReason(from, to) !== undefined) return [remove(from), { do: 'create', object: to }];
  const patch = patchBetween(from, sparing(from, to), []);
  return patch.length === 0 ? [] : [{ do: 'patch', ref: refOf(from), patch }];
}

/** Why an object has to be deleted and created anew to become the other, if it has to. */
export function replacementReason(from: ClusterObject | null, to: ClusterObject | null): string | undefined {
  if (from === null || to === null) return undefined;
  const fixed = (immutable[from.kind] ?? []).filter((key) => !equal(from[key], to[key]));
  if (fixed.length > 0) return `replaced, because a ${listed(fixed)} cannot be changed`;
  return from.immutable === true && !equal(from, to) ? 'replaced, because it is immutable' : undefined;
}

/** The JSON Patch from one value to another. */
export function patchBetween(from: Json, to: Json, keys: readonly string[]): readonly PatchOperation[] {
  if (equal(from, to)) return [];
  const path = pointer(keys);
  if (!isMap(from) || !isMap(to)) {
    return [
      { op: 'test', path, value: from },
      { op: 'replace', path, value: to },
    ];
  }
  return [...new Set([...Object.keys(from), ...Object.keys(to)])].flatMap((key) => {
    const [before, after] = [from[key], to[key]];
    const inner = [...keys, key];
    if (before === undefined && after === undefined) return [];
    if (before === undefined) return [{ op: 'add', path: pointer(inner), value: after ?? null }];
    if (after !== undefined) return patchBetween(before, after, inner);
    return [
      { op: 'test', path: pointer(inner), value: before },
      { op: 'remove', path: pointer(inner) },
    ];
  });
}

/** Annotations that the normal form leaves out stay, so the others go one by one and not as a whole. */
function sparing(from: ClusterObject, to: ClusterObject): ClusterObject {
  const alone = from.metadata.annotations !== undefined && to.metadata.annotations === undefined;
  return alone && hidesAnnotations(from.kind) ? { ...to, metadata: { ...to.metadata, annotations: {} } } : to;
}

/** Per kind, what the API server refuses to change. */
const immutable: { readonly [kind: string]: readonly string[] } = {
  RoleBinding: ['roleRef'],
  ClusterRoleBinding: ['roleRef'],
  Secret: ['type'],
};

function remove(object: ClusterObject): ClusterAction {
  return { do: 'delete', ref: refOf(object), propagation: 'Background' };
}
