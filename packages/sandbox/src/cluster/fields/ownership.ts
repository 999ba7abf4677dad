import { type KubeObject, type ManagedFieldsEntry, timestamp } from '../storage/objects.ts';
import { compareFields, type FieldSet, fromFieldsV1, toFieldsV1 } from './field-set.ts';
import type { Shape } from './shape.ts';

/** Who writes, and through what. */
export interface Writer {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
}

/** One manager's fields. */
export interface Owner {
  readonly entry: ManagedFieldsEntry;
  readonly fields: FieldSet;
}

/** The owners of an object's fields, from `metadata.managedFields`. */
export function ownersOf(object: KubeObject | undefined): readonly Owner[] {
  return (object?.metadata.managedFields ?? []).map((entry) => ({
    entry,
    fields: fromFieldsV1(entry.fieldsV1),
  }));
}

/** Whether an entry is this writer's. Apply entries do not tell versions apart. */
export function isBy(entry: ManagedFieldsEntry, writer: Writer): boolean {
  return (
    entry.manager === writer.manager &&
    entry.operation === writer.operation &&
    (entry.subresource ?? '') === writer.subresource &&
    (writer.operation === 'Apply' || entry.apiVersion === writer.apiVersion)
  );
}

/** An owner for a writer's fields, written now. */
export function newOwner(writer: Writer, fields: FieldSet): Owner {
  return {
    fields,
    entry: {
      manager: writer.manager,
      operation: writer.operation,
      apiVersion: writer.apiVersion,
      time: timestamp(),
      fieldsType: 'FieldsV1',
      fieldsV1: {},
      ...(writer.subresource !== '' && { subresource: writer.subresource }),
    },
  };
}

/** `metadata.managedFields`: owners without fields are left out; the time of an unchanged owner stays. */
export function toManagedFields(owners: readonly Owner[], before: readonly Owner[]): ManagedFieldsEntry[] {
  return owners
    .filter((owner) => owner.fields.size > 0)
    .map(({ entry, fields }) => {
      const old = before.find((one) => isBy(one.entry, { subresource: '', ...entry }));
      const unchanged = old !== undefined && old.fields.symmetricDifference(fields).size === 0;
      return { ...(unchanged ? old.entry : entry), fieldsV1: toFieldsV1(fields) };
    });
}

const untracked = ['apiVersion', 'kind'];
const untrackedMeta = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'generation',
  'managedFields',
  'resourceVersion',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
];

/** The part of an object whose fields have owners, for a write to the object itself or to its status. */
export function trackedPart(object: KubeObject, subresource: string, hasStatus: boolean): KubeObject {
  const { metadata, ...rest } = object;
  const kept = Object.entries(rest).filter(([key]) => {
    if (untracked.includes(key)) return false;
    if (subresource === 'status') return key === 'status';
    return !(hasStatus && key === 'status');
  });
  const meta = Object.entries(metadata ?? {}).filter(
    ([key]) => !untrackedMeta.includes(key) && subresource !== 'status',
  );
  const tracked = {
    ...Object.fromEntries(kept),
    ...(meta.length > 0 && { metadata: Object.fromEntries(meta) }),
  };
  return tracked as KubeObject;
}

/** The owners after an update, which may name them itself: the writer owns what it changed, nobody what went. */
export function ownersAfterUpdate(
  before: KubeObject | undefined,
  after: KubeObject,
  writer: Writer,
  how: { readonly shape: Shape; readonly hasStatus: boolean },
): readonly Owner[] {
  const part = (object: KubeObject) => trackedPart(object, writer.subresource, how.hasStatus);
  const empty = {} as KubeObject;
  const { changed, removed } = compareFields(
    before === undefined ? empty : part(before),
    part(after),
    how.shape,
  );
  const named = after.metadata.managedFields?.[0]?.manager ? ownersOf(after) : ownersOf(before);
  if (changed.size === 0 && removed.size === 0) return named;
  const others = named.filter((owner) => !isBy(owner.entry, writer));
  const own = named.find((owner) => isBy(owner.entry, writer))?.fields ?? new Set<string>();
  return [
    ...others.map(({ entry, fields }) => ({ entry, fields: fields.difference(changed).difference(removed) })),
    newOwner(writer, own.union(changed).difference(removed)),
  ];
}
