import type { Context } from './context.ts';
import { isControlledBy } from './replica-sets.ts';
import { controlledBy, type KubeObject, resources } from './resources.ts';
import { currentSet, nextScales, replicasOf, TEMPLATE_HASH, templateHash } from './rollout.ts';
import type { Deployment, ReplicaSet } from './workloads.ts';

const REVISION = 'deployment.kubernetes.io/revision';

/** The ReplicaSets of a Deployment. */
export function setsOf({ caches }: Context, deployment: Deployment): readonly ReplicaSet[] {
  return caches.replicaSets.all().filter((set) => isControlledBy(set, deployment));
}

/** Makes the ReplicaSet of the present template if need be and takes the next step of the rollout. */
export async function scaleSets(context: Context, deployment: Deployment) {
  const { client, caches } = context;
  const found = setsOf(context, deployment);
  let current = currentSet(deployment, found);
  if (deployment.spec.paused !== true) current = await withRevision(context, deployment, current, found);
  const old = found.filter((set) => set.metadata.uid !== current?.metadata.uid);
  if (current === undefined) return { current, old };
  const scaled = new Map<string | undefined, ReplicaSet>();
  for (const { set, replicas } of nextScales(deployment, current, old)) {
    const written = await client.patch<ReplicaSet>(resources.replicaSets, set, { spec: { replicas } });
    caches.replicaSets.put(written);
    scaled.set(set.metadata.uid, written);
  }
  const latest = (set: ReplicaSet) => scaled.get(set.metadata.uid) ?? set;
  return { current: latest(current), old: old.map(latest) };
}

/** The ReplicaSet of the present template, made if need be, with the highest revision number. */
async function withRevision(
  { client, caches }: Context,
  deployment: Deployment,
  current: ReplicaSet | undefined,
  sets: readonly ReplicaSet[],
): Promise<ReplicaSet> {
  const revisionOf = (object: KubeObject) => Number(object.metadata.annotations?.[REVISION] ?? 0);
  const highest = Math.max(0, ...sets.filter((set) => set !== current).map(revisionOf));
  const revision = Math.max(highest + 1, current === undefined ? 0 : revisionOf(current));
  const annotations = { [REVISION]: String(revision) };
  let set = current;
  if (set === undefined) {
    set = await client.create(resources.replicaSets, newSet(deployment, annotations));
    caches.replicaSets.put(set);
  } else if (revisionOf(set) !== revision) {
    set = await client.patch<ReplicaSet>(resources.replicaSets, set, { metadata: { annotations } });
    caches.replicaSets.put(set);
  }
  if (revisionOf(deployment) !== revision) {
    caches.deployments.put(
      await client.patch(resources.deployments, deployment, { metadata: { annotations } }),
    );
  }
  return set;
}

function newSet(deployment: Deployment, annotations: Readonly<Record<string, string>>): ReplicaSet {
  const { metadata, spec } = deployment;
  const hash = templateHash(spec.template);
  const labels = { ...spec.template.metadata?.labels, [TEMPLATE_HASH]: hash };
  const template = { ...spec.template, metadata: { ...spec.template.metadata, labels } };
  return {
    metadata: {
      name: `${metadata.name}-${hash}`,
      namespace: metadata.namespace ?? 'default',
      labels,
      annotations,
      ownerReferences: [controlledBy(resources.deployments, deployment)],
    },
    spec: {
      replicas: 0,
      selector: { matchLabels: { ...spec.selector.matchLabels, [TEMPLATE_HASH]: hash } },
      template,
    },
  };
}

/** Deletes the oldest revisions beyond those that the Deployment wants to remember. */
export async function dropHistory(
  { client, caches }: Context,
  { spec }: Deployment,
  old: readonly ReplicaSet[],
) {
  const idle = old.filter((set) => replicasOf(set) === 0 && (set.status?.replicas ?? 0) === 0);
  const age = ({ metadata }: ReplicaSet) => Number(metadata.annotations?.[REVISION] ?? 0);
  const surplus = Math.max(0, idle.length - (spec.revisionHistoryLimit ?? 10));
  for (const set of idle.toSorted((a, b) => age(a) - age(b)).slice(0, surplus)) {
    await client.remove(resources.replicaSets, set);
    caches.replicaSets.forget(set);
  }
}
