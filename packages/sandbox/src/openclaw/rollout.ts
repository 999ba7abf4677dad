import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Deployment, PodTemplate, ReplicaSet } from './workloads.ts';

/** The label by which the pods of one revision are told from those of others. */
export const TEMPLATE_HASH = 'pod-template-hash';

/** A change of a ReplicaSet's size. */
export interface Scale {
  readonly set: ReplicaSet;
  readonly replicas: number;
}

/** The ReplicaSet of the Deployment's template as it is now. */
export function currentSet(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  const wanted = withoutHash(deployment.spec.template);
  return sets.find(({ spec }) => isDeepStrictEqual(withoutHash(spec.template), wanted));
}

/** A short name for a template, the same for equal templates. */
export function templateHash(template: PodTemplate): string {
  const digest = createHash('sha256')
    .update(JSON.stringify(withoutHash(template)))
    .digest('hex');
  return digest.slice(0, 10);
}

/**
 * The next sizes of a Deployment's ReplicaSets, by the rules of the deployment controller: never more pods than the
 * surge allows, never fewer available ones than wanted, and unhealthy old pods first.
 */
export function nextScales(
  deployment: Deployment,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
): readonly Scale[] {
  const wanted = deployment.spec.replicas ?? 1;
  if (deployment.spec.strategy?.type === 'Recreate') return recreate(wanted, current, old);
  const { maxSurge, maxUnavailable } = limits(deployment, wanted);
  const size = replicasOf(current);
  const total = size + sum(old, replicasOf);
  if (size > wanted) return [{ set: current, replicas: wanted }];
  if (size < wanted && total < wanted + maxSurge) {
    return [{ set: current, replicas: size + Math.min(wanted + maxSurge - total, wanted - size) }];
  }
  return shrinkOld(old, { total, wanted, maxUnavailable, current });
}

interface Balance {
  readonly total: number;
  readonly wanted: number;
  readonly maxUnavailable: number;
  readonly current: ReplicaSet;
}

function shrinkOld(
  old: readonly ReplicaSet[],
  { total, wanted, maxUnavailable, current }: Balance,
): readonly Scale[] {
  const minimum = wanted - maxUnavailable;
  const unavailable = replicasOf(current) - availableOf(current);
  let removable = total - minimum - unavailable;
  const sizes = new Map(old.map((set) => [set, replicasOf(set)]));
  const shrink = (set: ReplicaSet, by: number) => sizes.set(set, (sizes.get(set) ?? 0) - by);

  for (const set of old) {
    const by = Math.max(0, Math.min(removable, replicasOf(set) - availableOf(set)));
    shrink(set, by);
    removable -= by;
  }
  let spare = Math.min(removable, availableOf(current) + sum(old, availableOf) - minimum);
  for (const set of old) {
    const by = Math.max(0, Math.min(spare, sizes.get(set) ?? 0));
    shrink(set, by);
    spare -= by;
  }
  return [...sizes]
    .filter(([set, size]) => size !== replicasOf(set))
    .map(([set, replicas]) => ({ set, replicas }));
}

function recreate(wanted: number, current: ReplicaSet, old: readonly ReplicaSet[]): readonly Scale[] {
  const standing = old.filter((set) => replicasOf(set) > 0);
  if (standing.length > 0) return standing.map((set) => ({ set, replicas: 0 }));
  const ending = old.some((set) => (set.status?.replicas ?? 0) > 0);
  return ending || replicasOf(current) === wanted ? [] : [{ set: current, replicas: wanted }];
}

function limits({ spec }: Deployment, wanted: number) {
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec.strategy?.rollingUpdate ?? {};
  const surge = share(maxSurge, wanted, Math.ceil);
  const missing = share(maxUnavailable, wanted, Math.floor);
  return { maxSurge: surge, maxUnavailable: surge === 0 && missing === 0 ? 1 : missing };
}

function share(limit: number | string, wanted: number, round: (value: number) => number): number {
  return typeof limit === 'number' ? limit : round((Number.parseFloat(limit) / 100) * wanted);
}

export function replicasOf({ spec }: ReplicaSet): number {
  return spec.replicas ?? 1;
}

function availableOf({ status }: ReplicaSet): number {
  return status?.availableReplicas ?? 0;
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

function withoutHash({ metadata, spec }: PodTemplate) {
  const { [TEMPLATE_HASH]: _, ...labels } = metadata?.labels ?? {};
  const { annotations } = metadata ?? {};
  return { labels, annotations: annotations ?? {}, spec };
}
