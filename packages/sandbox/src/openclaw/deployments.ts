import { type Context, NODE_NAME } from './context.ts';
import { deploymentStatus } from './deployment-status.ts';
import { createLoop, type Loop } from './loop.ts';
import { controllerOf, isControlledBy, isReconciled, reconcileReplicaSet } from './replica-sets.ts';
import { controlledBy, type KubeObject, keyOf, type Resource, resources } from './resources.ts';
import { currentSet, nextScales, replicasOf, TEMPLATE_HASH, templateHash } from './rollout.ts';
import type { Deployment, ReplicaSet } from './workloads.ts';

/**
 * Who makes pods of Deployments: `own` this program, `foreign` the cluster's controller manager; `detect`: this program
 * once a Deployment has waited in vain for the cluster's, and never again once that one shows itself.
 */
export type Controllers = 'own' | 'foreign' | 'detect';

export interface DeploymentController {
  /** Something about Deployments, ReplicaSets or pods may have changed. */
  poke(): void;
  /** A Deployment or ReplicaSet as the API server has it now; tells who wrote it. */
  observe(object: KubeObject): void;
  idle(): Promise<void>;
}

const REVISION = 'deployment.kubernetes.io/revision';
/** How long a controller manager may take to act before it is taken for absent. */
const PATIENCE_MS = 1500;
const GATHER_MS = 15;
const RESYNC_MS = 5000;

/** Keeps Deployments as the cluster's deployment controller would, where there is none. */
export function createDeploymentController(context: Context, controllers: Controllers): DeploymentController {
  const started = new Date(Math.floor(context.now().getTime() / 1000) * 1000);
  let mode = controllers;
  let waitingSince: number | undefined;
  const failures = new Map<string, string>();

  const loop: Loop = createLoop(
    async () => {
      if (mode === 'foreign') return;
      if (mode === 'detect' && !isOverdue()) return;
      await collectOrphans(context);
      for (const deployment of context.caches.deployments.all())
        await reconcile(context, deployment, failures);
      loop.poke(failures.size > 0 ? 1000 : RESYNC_MS);
    },
    context.signal,
    context.onError,
  );

  const isOverdue = () => {
    if (context.caches.deployments.all().every((deployment) => isSettled(context, deployment))) {
      waitingSince = undefined;
      return false;
    }
    waitingSince ??= performance.now();
    const left = waitingSince + PATIENCE_MS - performance.now();
    if (left > 0) loop.poke(left);
    else mode = 'own';
    return left <= 0;
  };

  return {
    poke: () => loop.poke(GATHER_MS),
    observe: ({ metadata }) => {
      const isManaged = metadata.managedFields?.some(
        ({ manager, time }) => manager === 'kube-controller-manager' && new Date(time ?? 0) >= started,
      );
      if (isManaged && controllers === 'detect') mode = 'foreign';
    },
    idle: () => loop.idle(),
  };
}

function isSettled(context: Context, deployment: Deployment): boolean {
  const sets = setsOf(context, deployment);
  const current = currentSet(deployment, sets);
  const observed = deployment.status?.observedGeneration === deployment.metadata.generation;
  return observed && current !== undefined && sets.every((set) => isReconciled(context, set));
}

async function reconcile(
  context: Context,
  deployment: Deployment,
  failures: Map<string, string>,
): Promise<void> {
  if (deployment.metadata.deletionTimestamp !== undefined) return;
  const uid = deployment.metadata.uid ?? '';
  failures.delete(uid);
  const { current, old } = await scaleSets(context, deployment);
  const sets = current === undefined ? old : [current, ...old];
  for (const set of sets) {
    await reconcileReplicaSet(context, set).catch((error: unknown) => {
      failures.set(uid, error instanceof Error ? error.message : String(error));
    });
  }
  await dropHistory(context, deployment, old);
  const fresh = (set: ReplicaSet) => context.caches.replicaSets.get(keyOf(set)) ?? set;
  const failure = failures.get(uid);
  const revisions = { current: current && fresh(current), old: old.map(fresh), ...(failure && { failure }) };
  const status = deploymentStatus(deployment, revisions, context.now());
  if (status === deployment.status) return;
  const latest = context.caches.deployments.get(keyOf(deployment)) ?? deployment;
  const written = await context.client.replace(
    resources.deployments,
    { ...latest, status } as Deployment,
    'status',
  );
  context.caches.deployments.put(written);
}

async function scaleSets(context: Context, deployment: Deployment) {
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

async function dropHistory({ client, caches }: Context, { spec }: Deployment, old: readonly ReplicaSet[]) {
  const idle = old.filter((set) => replicasOf(set) === 0 && (set.status?.replicas ?? 0) === 0);
  const age = ({ metadata }: ReplicaSet) => Number(metadata.annotations?.[REVISION] ?? 0);
  const surplus = Math.max(0, idle.length - (spec.revisionHistoryLimit ?? 10));
  for (const set of idle.toSorted((a, b) => age(a) - age(b)).slice(0, surplus)) {
    await client.remove(resources.replicaSets, set);
    caches.replicaSets.forget(set);
  }
}

/** Deletes what lost its owner, as the garbage collector would; the owner's absence is asked for, not assumed. */
async function collectOrphans({ client, caches }: Context): Promise<void> {
  const sweep = async (
    objects: readonly KubeObject[],
    resource: Resource,
    owners: Resource,
    known: Set<string>,
  ) => {
    for (const object of objects) {
      const owner = controllerOf(object);
      if (owner === undefined || owner.kind !== owners.kind || known.has(owner.uid)) continue;
      if (object.metadata.deletionTimestamp !== undefined) continue;
      const found = await client.get(owners, object.metadata.namespace, owner.name);
      if (found?.metadata.uid !== owner.uid) await client.remove(resource, object);
    }
  };
  const uids = (objects: readonly KubeObject[]) => new Set(objects.map(({ metadata }) => metadata.uid ?? ''));
  const sets = caches.replicaSets.all();
  const pods = caches.pods.all().filter(({ spec }) => spec.nodeName === NODE_NAME);
  await sweep(sets, resources.replicaSets, resources.deployments, uids(caches.deployments.all()));
  await sweep(pods, resources.pods, resources.replicaSets, uids(sets));
}

function setsOf({ caches }: Context, deployment: Deployment): readonly ReplicaSet[] {
  return caches.replicaSets.all().filter((set) => isControlledBy(set, deployment));
}
