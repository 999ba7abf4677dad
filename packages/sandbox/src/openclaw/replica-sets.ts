import { randomInt } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type Context, NODE_NAME } from './context.ts';
import { controlledBy, type KubeObject, resources } from './resources.ts';
import { replicasOf } from './rollout.ts';
import { isActive, isReady, type Pod, type ReplicaSet } from './workloads.ts';

/** Makes or deletes pods until the ReplicaSet has as many as it wants, and writes its status. */
export async function reconcileReplicaSet({ client, caches }: Context, set: ReplicaSet): Promise<void> {
  const pods = podsOf(set, caches.pods.all());
  const missing = replicasOf(set) - pods.length;
  if (missing > 0) {
    const made = Array.from({ length: missing }, () => client.create<Pod>(resources.pods, newPod(set)));
    for (const pod of await Promise.all(made)) caches.pods.put(pod);
  }
  const surplus = missing < 0 ? leastUseful(pods).slice(0, -missing) : [];
  for (const pod of surplus) {
    await client.remove(resources.pods, pod);
    caches.pods.put({ ...pod, metadata: { ...pod.metadata, deletionTimestamp: new Date().toISOString() } });
  }
  const status = statusOf(set, podsOf(set, caches.pods.all()));
  if (isDeepStrictEqual(status, set.status)) return;
  caches.replicaSets.put(
    await client.replace(resources.replicaSets, { ...set, status } as ReplicaSet, 'status'),
  );
}

/** True when the ReplicaSet has the pods and the status it should have. */
export function isReconciled({ caches }: Context, set: ReplicaSet): boolean {
  const pods = podsOf(set, caches.pods.all());
  return pods.length === replicasOf(set) && isDeepStrictEqual(statusOf(set, pods), set.status);
}

/** The object's controller is that owner. */
export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

export function controllerOf({ metadata }: KubeObject) {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

function podsOf(set: ReplicaSet, pods: readonly Pod[]): readonly Pod[] {
  return pods.filter((pod) => isControlledBy(pod, set) && isActive(pod));
}

function leastUseful(pods: readonly Pod[]): readonly Pod[] {
  const age = (pod: Pod) => pod.metadata.creationTimestamp ?? '';
  return pods.toSorted((a, b) => Number(isReady(a)) - Number(isReady(b)) || age(b).localeCompare(age(a)));
}

function newPod(set: ReplicaSet): Pod {
  const { metadata, spec } = set.spec.template;
  return {
    metadata: {
      name: `${set.metadata.name}-${suffix()}`,
      namespace: set.metadata.namespace ?? 'default',
      ...(metadata?.labels && { labels: metadata.labels }),
      ...(metadata?.annotations && { annotations: metadata.annotations }),
      ownerReferences: [controlledBy(resources.replicaSets, set)],
    },
    spec: { ...spec, nodeName: NODE_NAME },
  };
}

function suffix(): string {
  const letters = 'bcdfghjklmnpqrstvwxz2456789';
  return Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('');
}

function statusOf(set: ReplicaSet, pods: readonly Pod[]): ReplicaSet['status'] {
  const ready = pods.filter(isReady).length;
  return {
    replicas: pods.length,
    ...(pods.length > 0 && { fullyLabeledReplicas: pods.length }),
    ...(ready > 0 && { readyReplicas: ready, availableReplicas: ready }),
    observedGeneration: set.metadata.generation ?? 1,
  };
}
