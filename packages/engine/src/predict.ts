import {
  type Action,
  type ClusterAction,
  type ClusterObject,
  type ClusterRead,
  equal,
  type FileState,
  groupOf,
  type HostAction,
  type HostRead,
  isObject,
  type ListRead,
  nameOf,
  type ObjectRef,
  refOf,
  Secret,
} from '@claw-run/core';
import { applyJsonPatch } from './json-patch.ts';
import { overlaps } from './topics.ts';

/** What cannot be told before it has happened. */
export const unpredictable = Symbol('unpredictable');

/** What a read would give once the actions have been performed, from what it gives now. */
export function predictRead(read: HostRead | ClusterRead, raw: unknown, actions: readonly Action[]): unknown {
  return actions.reduce<unknown>(
    (before, action) => (before === unpredictable ? before : predictOne(read, before, action)),
    raw,
  );
}

/** True when both name the same object, whatever version of its API they use. */
export function sameObject(a: ObjectRef, b: ObjectRef): boolean {
  return nameOf(a) === nameOf(b) && groupOf(a.apiVersion) === groupOf(b.apiVersion);
}

/** The object that an action changes. */
export function objectOf(action: ClusterAction): ObjectRef {
  switch (action.do) {
    case 'create':
    case 'apply':
      return refOf(action.object);
    case 'issue-token':
      return { apiVersion: 'v1', kind: 'Secret', namespace: action.into.namespace, name: action.into.secret };
    default:
      return action.ref;
  }
}

export function isClusterAction(action: Action): action is ClusterAction {
  return action.do !== 'run' && action.do !== 'write' && action.do !== 'remove';
}

function predictOne(read: HostRead | ClusterRead, raw: unknown, action: Action): unknown {
  if (read.read === 'run' || read.read === 'file') {
    return isClusterAction(action) ? raw : predictHost(read, raw, action);
  }
  if (!isClusterAction(action)) return raw;
  const ref = objectOf(action);
  switch (read.read) {
    case 'get':
      return sameObject(read.ref, ref) ? afterAction(raw as ClusterObject | null, action) : raw;
    case 'list':
      return predictList(read, raw as readonly ClusterObject[], action);
    case 'logs':
      return runsPods(ref) && ref.namespace === read.namespace ? unpredictable : raw;
    case 'review':
      return decides(ref, action, read.review.kind) ? unpredictable : raw;
    case 'rights':
      return decides(ref, action, read.read) ? unpredictable : raw;
    case 'dry-run':
      return sameObject(objectOf(read.action), ref) ? unpredictable : raw;
  }
}

/** Whether what a read of a host gives may be another after the action, by the topics of both. */
export function dependsOn(read: HostRead, action: HostAction): boolean {
  const changes = action.do === 'run' ? (action.changes ?? []) : [`file ${action.path}`];
  const topics = read.read === 'run' ? (read.about ?? []) : [`file ${read.path}`];
  return topics.some((topic) => changes.some((change) => overlaps(topic, change)));
}

function predictHost(read: HostRead, raw: unknown, action: HostAction): unknown {
  if (!dependsOn(read, action)) return raw;
  if (read.read === 'run' || action.do === 'run') return unpredictable;
  // what is written below a folder, or in its place, is not what a file there holds
  if (action.path !== read.path) return unpredictable;
  if (action.do === 'remove') return null;
  const before = raw as FileState | null;
  return {
    content: action.content instanceof Secret ? action.content.reveal() : action.content,
    ...(action.content instanceof Secret ? { secret: true as const } : {}),
    mode: action.mode ?? before?.mode ?? 0o644,
    owner: action.owner ?? before?.owner ?? '',
    group: action.group ?? before?.group ?? '',
  } satisfies FileState;
}

function afterAction(object: ClusterObject | null, action: ClusterAction): unknown {
  switch (action.do) {
    case 'create':
      return action.object;
    case 'delete':
      return null;
    case 'patch':
      return object === null ? unpredictable : (applyJsonPatch(object, action.patch) ?? unpredictable);
    case 'apply':
      return object === null ? action.object : merge(object, action.object);
    case 'issue-token':
      return unpredictable;
  }
}

function predictList(read: ListRead, items: readonly ClusterObject[], action: ClusterAction): unknown {
  const ref = objectOf(action);
  if (
    read.kind === 'Pod' &&
    runsPods(ref) &&
    (read.namespace === undefined || read.namespace === ref.namespace)
  )
    return unpredictable;
  const listed = ref.kind === read.kind && groupOf(ref.apiVersion) === groupOf(read.apiVersion);
  if (!listed || (read.namespace !== undefined && read.namespace !== ref.namespace)) return items;
  const index = items.findIndex((item) => sameObject(refOf(item), ref));
  const after = afterAction(items[index] ?? null, action);
  if (
    after === unpredictable ||
    (index < 0 && after !== null && (read.labels !== undefined || read.fields !== undefined))
  ) {
    return unpredictable;
  }
  const others = items.filter((_, at) => at !== index);
  return after === null ? others : [...others, after];
}

/** Kinds whose change makes pods come and go. */
function runsPods(ref: ObjectRef): boolean {
  return ['Pod', 'Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'].includes(ref.kind);
}

/** Whether a change of the object can change the answer to a review. */
function decides(ref: ObjectRef, action: ClusterAction, review: string): boolean {
  if (review === 'TokenReview')
    return action.do === 'delete' && ['ServiceAccount', 'Secret', 'Pod', 'Namespace'].includes(ref.kind);
  return groupOf(ref.apiVersion) === 'rbac.authorization.k8s.io';
}

/** Server-side apply as far as it can be told without the server: maps are merged, everything else is replaced. */
function merge(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return equal(base, over) ? base : over;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over))
    merged[key] = key in base ? merge(base[key], value) : value;
  return merged;
}
