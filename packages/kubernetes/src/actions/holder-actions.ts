import {
  type ClusterAction,
  type ClusterObject,
  nameOf,
  type ObjectRef,
  type PatchOperation,
  type Refused,
  refused,
  type Secret,
} from '@claw-run/core';
import { type Field, fieldOf, type Holder } from '../facts/holder.ts';
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
  return (['data', 'binaryData'] as const).flatMap((field) => fieldPatch(field, from, to));
}

function fieldPatch(field: Field, from: Holder, to: Holder): readonly PatchOperation[] {
  const [before, after] = [present(from, field), present(to, field)];
  // The server stores no empty field, so the first key brings it along.
  if (!from.otherKeys[field] && Object.keys(before).length === 0)
    return Object.keys(after).length === 0 ? [] : [{ op: 'add', path: pointer([field]), value: after }];
  return Object.keys(to.values).flatMap((key): readonly PatchOperation[] => {
    const path = pointer([field, key]);
    const [was, is] = [before[key], after[key]];
    if (was === undefined) return is === undefined ? [] : [{ op: 'add', path, value: is }];
    if (is !== undefined) return patchBetween(was, is, [field, key]);
    return [
      { op: 'test', path, value: was },
      { op: 'remove', path },
    ];
  });
}

function newHolder({ apiVersion, kind, name, namespace = '' }: ObjectRef, to: Holder): ClusterObject {
  const type = kind === 'Secret' ? { type: 'Opaque' } : {};
  const binaryData = present(to, 'binaryData');
  return {
    apiVersion,
    kind,
    metadata: { name, namespace },
    ...type,
    data: present(to, 'data'),
    ...(Object.keys(binaryData).length === 0 ? {} : { binaryData }),
  };
}

/** What a field of the object holds, by key. */
function present(of: Holder, field: Field): { readonly [key: string]: string | Secret } {
  return Object.fromEntries(
    Object.entries(of.values).flatMap(([key, value]) =>
      value === null || fieldOf(value) !== field
        ? []
        : [[key, typeof value === 'object' && 'base64' in value ? value.base64 : value]],
    ),
  );
}
