import type { Context } from './context.ts';
import { deploymentStatus } from './deployment-status.ts';
import { createLoop, type Loop } from './loop.ts';
import { collectOrphans } from './orphans.ts';
import { isReconciled, reconcileReplicaSet } from './replica-sets.ts';
import { type KubeObject, keyOf, resources } from './resources.ts';
import { dropHistory, scaleSets, setsOf } from './revisions.ts';
import { currentSet } from './rollout.ts';
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
