import type { Cluster } from '../api/context.ts';
import { beginDeletion } from '../api/delete.ts';
import { isFinished } from '../api/finalizers.ts';
import { copy, type KubeObject } from '../storage/objects.ts';
import type { Change } from '../storage/store.ts';

interface Found {
  readonly key: string;
  readonly object: KubeObject;
}

/** Deletes what a deleted object owned, as its deletion's propagation policy says (kube-controller-manager's garbage collector). */
export function collectGarbage(cluster: Cluster, change: Change): void {
  if (change.type === 'DELETED') {
    for (const found of dependentsOf(cluster, change.object)) deleteIfOrphaned(cluster, found);
    for (const reference of change.object.metadata.ownerReferences ?? [])
      releaseOwner(cluster, reference.uid);
    return;
  }
  if (change.type === 'ADDED' && change.object.metadata.ownerReferences !== undefined)
    deleteIfOrphaned(cluster, change);
  if (change.object.metadata.deletionTimestamp !== undefined) propagate(cluster, change);
}

function everything({ store }: Cluster): readonly Found[] {
  return store.keys().flatMap((key) => store.list(key).map((object) => ({ key, object })));
}

function dependentsOf(cluster: Cluster, owner: KubeObject): readonly Found[] {
  return everything(cluster).filter(({ object }) =>
    object.metadata.ownerReferences?.some((one) => one.uid === owner.metadata.uid),
  );
}

function deleteIfOrphaned(cluster: Cluster, { key, object }: Found): void {
  const latest = cluster.store.get(key, object.metadata.namespace ?? '', object.metadata.name);
  const owners = latest?.metadata.ownerReferences ?? [];
  if (latest === undefined || owners.length === 0) return;
  const alive = everything(cluster).some((one) =>
    owners.some((owner) => owner.uid === one.object.metadata.uid),
  );
  if (!alive) remove(cluster, { key, object: latest }, 'Background');
}

function remove(cluster: Cluster, { key, object }: Found, propagation: string): void {
  const resource = cluster.registry.preferred(key);
  const gone = object.metadata.deletionTimestamp !== undefined;
  if (resource !== undefined && !gone)
    beginDeletion(cluster.store, resource, object, { propagation, dryRun: false });
}

function propagate(cluster: Cluster, { key, object }: Found): void {
  const latest = cluster.store.get(key, object.metadata.namespace ?? '', object.metadata.name);
  const finalizers = latest?.metadata.finalizers ?? [];
  if (latest === undefined) return;
  const dependents = dependentsOf(cluster, latest);
  if (finalizers.includes('orphan')) {
    for (const dependent of dependents) disown(cluster, dependent, latest.metadata.uid);
    dropFinalizer(cluster, { key, object: latest }, 'orphan');
  } else if (finalizers.includes('foregroundDeletion')) {
    for (const dependent of dependents) remove(cluster, dependent, 'Foreground');
    if (!blocked(cluster, latest)) dropFinalizer(cluster, { key, object: latest }, 'foregroundDeletion');
  }
}

function blocked(cluster: Cluster, owner: KubeObject): boolean {
  return dependentsOf(cluster, owner).some(({ object }) =>
    object.metadata.ownerReferences?.some(
      (one) => one.uid === owner.metadata.uid && one.blockOwnerDeletion === true,
    ),
  );
}

function disown({ store }: Cluster, { key, object }: Found, uid: string): void {
  const kept = copy(object);
  const left = (object.metadata.ownerReferences ?? []).filter((one) => one.uid !== uid);
  if (left.length > 0) kept.metadata.ownerReferences = left;
  else delete kept.metadata.ownerReferences;
  store.put(key, kept);
}

function dropFinalizer({ store }: Cluster, { key, object }: Found, name: string): void {
  const changed = copy(object);
  const left = (object.metadata.finalizers ?? []).filter((one) => one !== name);
  if (left.length > 0) changed.metadata.finalizers = left;
  else delete changed.metadata.finalizers;
  if (isFinished(changed)) store.remove(key, changed);
  else store.put(key, changed);
}

function releaseOwner(cluster: Cluster, uid: string): void {
  const owner = everything(cluster).find(({ object }) => object.metadata.uid === uid);
  if (owner?.object.metadata.deletionTimestamp !== undefined) propagate(cluster, owner);
}
