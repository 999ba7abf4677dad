import { type ClusterObject, type Fact, type Json, type ObjectRef, objectFact } from '@claw-run/core';
import { at, isList, isMap, textAt } from '../lib/json-at.ts';
import { normalForm } from './normal-form.ts';
import { appliedFields } from './owners.ts';

/** Per kind, what the server or a controller chooses once an object is there: a dry run has another value, or none. `*` is each item of a list. */
const chosen: { readonly [kind: string]: readonly (readonly string[])[] } = {
  Service: [
    ['spec', 'clusterIP'],
    ['spec', 'clusterIPs'],
    ['spec', 'ipFamilies'],
    ['spec', 'ipFamilyPolicy'],
    ['spec', 'healthCheckNodePort'],
    ['spec', 'ports', '*', 'nodePort'],
  ],
  PersistentVolumeClaim: [
    ['spec', 'volumeName'],
    ['metadata', 'annotations', 'volume.beta.kubernetes.io/storage-provisioner'],
    ['metadata', 'annotations', 'volume.kubernetes.io/storage-provisioner'],
    ['metadata', 'annotations', 'volume.kubernetes.io/selected-node'],
  ],
  PersistentVolume: [['spec', 'claimRef']],
  Pod: [['spec', 'nodeName']],
  Job: [['metadata', 'annotations', 'batch.kubernetes.io/job-tracking']],
  // of an account's token
  Secret: [
    ['data', 'token'],
    ['data', 'ca.crt'],
    ['data', 'namespace'],
    ['metadata', 'annotations', 'kubernetes.io/service-account.uid'],
  ],
};

/** Whether items of lists of a kind are known without what the server chose in them. */
export function choosesInLists(kind: string): boolean {
  return (chosen[kind] ?? []).some((path) => path.includes('*'));
}

/** An object as an apply leaves it; `null` when there is none. */
export function appliedObject(ref: ObjectRef): Fact<'cluster', ClusterObject | null> {
  return objectFact({ ref, parse: (object) => (object === null ? null : appliedForm(object)) });
}

/**
 * The normal form without what the server chooses itself, as far as we did not name it, and without the object's own uid: so that what a dry run foretells is what
 * comes of it.
 */
export function appliedForm(object: ClusterObject): ClusterObject {
  const owned = appliedFields(object);
  const normal: Json = withoutText(normalForm(object), textAt(object, 'metadata', 'uid'));
  const paths = object.kind === 'Secret' && !isAccountToken(object) ? [] : (chosen[object.kind] ?? []);
  // Leaving out optional parts of an object leaves an object.
  return paths.reduce<Json>((left, path) => unnamed(left, path, owned), normal) as ClusterObject;
}

function isAccountToken(object: ClusterObject): boolean {
  return object.type === 'kubernetes.io/service-account-token';
}

/** Takes away what a path names, unless it is among the owned fields; a map that is empty then goes too. */
function unnamed(value: Json, [key = '', ...rest]: readonly string[], owned: readonly Json[]): Json {
  if (key === '*') {
    if (!isList(value)) return value;
    return value.map((item) =>
      unnamed(
        item,
        rest,
        owned.flatMap((fields) => itemFields(fields, item)),
      ),
    );
  }
  if (!isMap(value) || !Object.hasOwn(value, key)) return value;
  const below = owned.flatMap((fields) => at(fields, `f:${key}`) ?? []);
  const { [key]: inner = null, ...others } = value;
  if (rest.length === 0) return below.length > 0 ? value : others;
  const left = unnamed(inner, rest, below);
  return isMap(left) && Object.keys(left).length === 0 ? others : { ...value, [key]: left };
}

/** The owned fields of the item of a list, which are found by its keys: `k:{"port":53,"protocol":"TCP"}`. */
function itemFields(fields: Json, item: Json): readonly Json[] {
  if (!isMap(fields)) return [];
  return Object.entries(fields).flatMap(([key, below]) => {
    if (!key.startsWith('k:') || below === undefined) return [];
    const wanted = Object.entries(JSON.parse(key.slice(2)) as { readonly [key: string]: Json });
    return wanted.every(([name, value]) => at(item, name) === value) ? [below] : [];
  });
}

/** Without the entries of maps that hold a text. */
function withoutText(value: Json, text: string | undefined): Json {
  if (text === undefined) return value;
  if (isList(value)) return value.map((item) => withoutText(item, text));
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) =>
      inner === undefined || inner === text ? [] : [[key, withoutText(inner, text)]],
    ),
  );
}
