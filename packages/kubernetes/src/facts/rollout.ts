import { type ClusterObject, type Fact, nameOf, type ObjectRef, objectFact } from '@claw-run/core';
import { at, listAt, numberAt, textAt } from '../lib/json-at.ts';
import { type Found, follow, parsePath } from '../lib/path.ts';
import { selectorText } from './pods.ts';

/** How far the pods of a workload are. */
export interface Rollout {
  readonly generation: number;
  readonly observed: number;
  readonly wanted: number;
  readonly total: number;
  readonly updated: number;
  readonly ready: number;
  readonly available: number;
  readonly paused: boolean;
  /** Why it does not go on, as the controller says. */
  readonly stalled: string | null;
  /** The annotation by which `kubectl rollout restart` restarts. */
  readonly restartedAt: Found;
  readonly selector: string;
}

export function rollout(ref: ObjectRef): Fact<'cluster', Rollout | null> {
  return objectFact({
    key: `${nameOf(ref)} rollout`,
    ref,
    parse: (object) => (object === null ? null : parseRollout(object)),
  });
}

const annotation = parsePath('spec.template.metadata.annotations["kubectl.kubernetes.io/restartedAt"]') ?? [];

function parseRollout(object: ClusterObject): Rollout {
  const number = (...keys: readonly string[]) => numberAt(object, 'status', ...keys) ?? 0;
  const daemons = object.kind === 'DaemonSet';
  const stalled = listAt(object, 'status', 'conditions').find(
    (one) => textAt(one, 'reason') === 'ProgressDeadlineExceeded' || textAt(one, 'type') === 'ReplicaFailure',
  );
  return {
    generation: numberAt(object, 'metadata', 'generation') ?? 0,
    observed: number('observedGeneration'),
    wanted: daemons ? number('desiredNumberScheduled') : (numberAt(object, 'spec', 'replicas') ?? 1),
    total: number(daemons ? 'currentNumberScheduled' : 'replicas'),
    updated: number(daemons ? 'updatedNumberScheduled' : 'updatedReplicas'),
    ready: number(daemons ? 'numberReady' : 'readyReplicas'),
    available: number(daemons ? 'numberAvailable' : 'availableReplicas'),
    paused: at(object, 'spec', 'paused') === true,
    stalled:
      stalled === undefined ? null : (textAt(stalled, 'message') ?? textAt(stalled, 'reason') ?? 'stalled'),
    restartedAt: follow(object, annotation),
    selector: selectorText(at(object, 'spec', 'selector')),
  };
}

/** Whether the controller has seen the last change and all pods are of it, in words. */
export function rolloutState(now: Rollout): { readonly complete: boolean; readonly because: string } {
  if (now.observed < now.generation)
    return { complete: false, because: 'its controller has not seen the change' };
  const complete = [now.updated, now.ready, now.available, now.total].every((it) => it === now.wanted);
  const because = `${now.updated} updated, ${now.ready} ready and ${now.available} available of ${now.wanted}`;
  return { complete, because };
}
