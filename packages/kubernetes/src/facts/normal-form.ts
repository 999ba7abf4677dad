import { type ClusterObject, type Json, Secret } from '@claw-run/core';
import { at, isMap, mapAt } from '../lib/json-at.ts';

/** What the server keeps in every object. */
const ofServer = [
  'managedFields',
  'resourceVersion',
  'uid',
  'generation',
  'creationTimestamp',
  'selfLink',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
].map((key) => ['metadata', key]);

/** What controllers write into objects of a kind. */
const ofControllers: { readonly [kind: string]: readonly (readonly string[])[] } = {
  ServiceAccount: [['secrets']],
  Deployment: [['metadata', 'annotations', 'deployment.kubernetes.io/revision']],
  DaemonSet: [['metadata', 'annotations', 'deprecated.daemonset.template.generation']],
  Namespace: [['spec']],
  PersistentVolumeClaim: [
    ['metadata', 'annotations', 'pv.kubernetes.io/bind-completed'],
    ['metadata', 'annotations', 'pv.kubernetes.io/bound-by-controller'],
  ],
  // kubectl keeps a copy of the data there, in clear.
  Secret: [['metadata', 'annotations', 'kubectl.kubernetes.io/last-applied-configuration']],
};

/**
 * An object without what its owner does not decide: no status, none of the server's metadata, nothing that controllers
 * write. It only leaves out and never fills in, so that what is left can be tested on the stored object by JSON Patch.
 * The data of a Secret is opaque.
 */
export function normalForm(object: ClusterObject): ClusterObject {
  const paths = [['status'], ...ofServer, ...(ofControllers[object.kind] ?? [])];
  const bare = [
    ['metadata', 'labels'],
    ['metadata', 'annotations'],
  ].reduce(withoutEmpty, paths.reduce<Json>(without, object));
  const secret =
    object.kind === 'Secret' && isMap(object.data) ? { data: opaque(mapAt(object, 'data')) } : {};
  // Leaving out optional parts of an object leaves an object.
  return { ...(bare as ClusterObject), ...secret };
}

/** Without the status, and without what controllers write into objects of a kind; keys may have another notation. */
export function withoutControllers(value: Json, kind: string, keyOf: (key: string) => string): Json {
  const paths = [['status'], ...(ofControllers[kind] ?? [])];
  return paths.reduce<Json>((left, path) => without(left, path.map(keyOf)), value);
}

/** Whether the normal form of a kind leaves out annotations that may be there. */
export function hidesAnnotations(kind: string): boolean {
  return (ofControllers[kind] ?? []).some((path) => path[1] === 'annotations');
}

/** Takes away what a path names, and a parent that is empty then (the server stores no empty maps of metadata). */
function without(value: Json, [key, ...rest]: readonly string[]): Json {
  if (!isMap(value) || key === undefined || !Object.hasOwn(value, key)) return value;
  const inner = value[key];
  const left = rest.length === 0 || inner === undefined ? undefined : without(inner, rest);
  const others = Object.fromEntries(Object.entries(value).filter(([other]) => other !== key));
  if (left === undefined) return others;
  const emptied = left !== inner && isMap(left) && Object.keys(left).length === 0;
  return emptied ? others : { ...value, [key]: left };
}

/** The server stores no empty maps here, other stores may. */
function withoutEmpty(value: Json, path: readonly string[]): Json {
  const found = at(value, ...path);
  return isMap(found) && Object.keys(found).length === 0 ? without(value, path) : value;
}

function opaque(data: { readonly [key: string]: Json | undefined }): Json {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [
      key,
      value instanceof Secret ? value : new Secret(String(value)),
    ]),
  );
}
