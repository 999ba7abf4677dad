import {
  type ClusterAction,
  type ClusterObject,
  nameOf,
  type ObjectRef,
  type PatchOperation,
  type Refused,
  refused,
} from '@claw-run/core';
import type { Holder } from '../facts/holder.ts';
import { pointer } from '../lib/path.ts';
import { patchBetween } from './object-actions.ts';

/** Leads some keys of a ConfigMap or Secret from one state to another. One that was not there is deleted: with keys of others in it that is a conflict, and forced. */
export function holderActions(ref: ObjectRef, from: Holder, to: Holder): readonly ClusterAction[] {
  if (!from.exists) return to.exists ? [{ do: 'create', object: newHolder(ref, to) }] : [];
  if (!to.exists) return [{ do: 'delete', ref, propagation: 'Background' }];
  const patch = patchOf(from, to);
  return patch.length === 0 ? [] : [{ do: 'patch', ref, patch }];
}

/** The holder with values set (or taken away by `null`), or why it cannot be. */
export function withValues(
  ref: ObjectRef,
  seen: Holder,
  values: Holder['values'],
  options: { readonly create: boolean },
): Holder | Refused {
  const wanted: Holder = { ...seen, exists: true, values: { ...seen.values, ...values } };
  if (!seen.exists) {
    if (Object.values(values).every((value) => value === null)) return seen;
    return options.create
      ? wanted
      : refused(`there is no ${nameOf(ref)}`, 'correct the name, or say `create: true` to have it made');
  }
  const changes = patchOf(seen, wanted).length > 0;
  return seen.immutable && changes
    ? refused(`${nameOf(ref)} is immutable`, 'make another one under a new name, and use that')
    : wanted;
}

function patchOf(from: Holder, to: Holder): readonly PatchOperation[] {
  const noData = !from.otherKeys && Object.values(from.values).every((value) => value === null);
  // The server stores no empty `data`, so the first key brings it along.
  if (noData) {
    const data = present(to);
    return Object.keys(data).length === 0 ? [] : [{ op: 'add', path: '/data', value: data }];
  }
  return Object.keys(to.values).flatMap((key): readonly PatchOperation[] => {
    const [before, after] = [from.values[key] ?? null, to.values[key] ?? null];
    const path = pointer(['data', key]);
    if (before === null) return after === null ? [] : [{ op: 'add', path, value: after }];
    if (after !== null) return patchBetween(before, after, ['data', key]);
    return [
      { op: 'test', path, value: before },
      { op: 'remove', path },
    ];
  });
}

function newHolder({ apiVersion, kind, name, namespace = '' }: ObjectRef, to: Holder): ClusterObject {
  const type = kind === 'Secret' ? { type: 'Opaque' } : {};
  return { apiVersion, kind, metadata: { name, namespace }, ...type, data: present(to) };
}

function present(of: Holder) {
  return Object.fromEntries(
    Object.entries(of.values).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
  );
}
