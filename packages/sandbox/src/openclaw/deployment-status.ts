import { isDeepStrictEqual } from 'node:util';
import { replicasOf } from './rollout.ts';
import {
  type Condition,
  type Deployment,
  type DeploymentStatus,
  type ReplicaSet,
  timestamp,
} from './workloads.ts';

/** The ReplicaSets of a Deployment as its status is computed from them. */
export interface Revisions {
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
  /** The API server's words when it refused to make pods. */
  readonly failure?: string;
}

/** A Deployment's status by the rules of the deployment controller; the present one when nothing changed. */
export function deploymentStatus(deployment: Deployment, revisions: Revisions, now: Date): DeploymentStatus {
  const { current, old } = revisions;
  const before = deployment.status ?? {};
  const all = current === undefined ? old : [current, ...old];
  const count = (key: 'replicas' | 'readyReplicas' | 'availableReplicas') =>
    all.reduce((sum, { status }) => sum + (status?.[key] ?? 0), 0);
  const available = count('availableReplicas');
  const counts = {
    replicas: count('replicas'),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: count('readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, all.reduce((sum, set) => sum + replicasOf(set), 0) - available),
  };
  const observedGeneration = deployment.metadata.generation ?? 1;
  const fresh = { ...before, observedGeneration, ...counts };
  const conditions = [
    availableCondition(deployment, available),
    progressingCondition(deployment, fresh, current, now),
    ...(revisions.failure === undefined
      ? []
      : [condition('ReplicaFailure', 'True', 'FailedCreate', revisions.failure)]),
  ].map((next) => settled(next, before.conditions, now));
  const status: DeploymentStatus = { ...withoutZeros({ observedGeneration, ...counts }), conditions };
  return isDeepStrictEqual(status, before) ? before : status;
}

function availableCondition({ spec }: Deployment, available: number): Condition {
  const wanted = spec.replicas ?? 1;
  const limit = spec.strategy?.rollingUpdate?.maxUnavailable ?? '25%';
  const spare = typeof limit === 'number' ? limit : Math.floor((Number.parseFloat(limit) / 100) * wanted);
  return available >= wanted - (spec.strategy?.type === 'Recreate' ? 0 : spare)
    ? condition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.')
    : condition(
        'Available',
        'False',
        'MinimumReplicasUnavailable',
        'Deployment does not have minimum availability.',
      );
}

function progressingCondition(
  deployment: Deployment,
  status: DeploymentStatus,
  current: ReplicaSet | undefined,
  now: Date,
): Condition {
  const { spec, metadata, status: before } = deployment;
  const wanted = spec.replicas ?? 1;
  const set = `ReplicaSet "${current?.metadata.name ?? metadata.name}"`;
  const complete = [status.updatedReplicas, status.replicas, status.availableReplicas].every(
    (count) => count === wanted,
  );
  if (complete) {
    return condition('Progressing', 'True', 'NewReplicaSetAvailable', `${set} has successfully progressed.`);
  }
  const known = before?.conditions?.find(({ type }) => type === 'Progressing');
  const moved = known === undefined || hasMoved(before, status);
  const deadline = (spec.progressDeadlineSeconds ?? 600) * 1000;
  if (moved) {
    return {
      ...condition('Progressing', 'True', 'ReplicaSetUpdated', `${set} is progressing.`),
      ...touched(now),
    };
  }
  const late = now.getTime() - Date.parse(known.lastUpdateTime ?? timestamp(now)) > deadline;
  const finished = known.reason === 'NewReplicaSetAvailable';
  return late && !finished
    ? condition('Progressing', 'False', 'ProgressDeadlineExceeded', `${set} has timed out progressing.`)
    : known;
}

function hasMoved(before: DeploymentStatus | undefined, after: DeploymentStatus): boolean {
  const grown = (key: 'updatedReplicas' | 'readyReplicas' | 'availableReplicas') =>
    (after[key] ?? 0) > (before?.[key] ?? 0);
  const shrunkOld =
    (after.replicas ?? 0) - (after.updatedReplicas ?? 0) <
    (before?.replicas ?? 0) - (before?.updatedReplicas ?? 0);
  const another = after.observedGeneration !== before?.observedGeneration;
  return (
    another || shrunkOld || grown('updatedReplicas') || grown('readyReplicas') || grown('availableReplicas')
  );
}

/** Keeps the times of a condition that says what it said before. */
function settled(next: Condition, before: readonly Condition[] | undefined, now: Date): Condition {
  const known = before?.find(({ type }) => type === next.type);
  const same = known?.status === next.status;
  const unchanged = same && known.reason === next.reason && known.message === next.message;
  return {
    type: next.type,
    status: next.status,
    lastUpdateTime: next.lastUpdateTime ?? (unchanged ? known.lastUpdateTime : undefined) ?? timestamp(now),
    lastTransitionTime: (same ? known.lastTransitionTime : undefined) ?? timestamp(now),
    ...(next.reason && { reason: next.reason }),
    ...(next.message && { message: next.message }),
  };
}

function touched(now: Date) {
  return { lastUpdateTime: timestamp(now) };
}

function condition(type: string, status: Condition['status'], reason: string, message: string): Condition {
  return { type, status, reason, message };
}

/** The API leaves out counts of zero. */
function withoutZeros(status: DeploymentStatus): DeploymentStatus {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== 0));
}
