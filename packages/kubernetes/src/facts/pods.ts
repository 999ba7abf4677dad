import { type ClusterObject, type Fact, type Json, listFact } from '@claw-run/core';
import { at, listAt, mapAt, numberAt, textAt, textsAt } from '../lib/json-at.ts';

/** What matters of a pod for telling whether it is well. */
export interface Pod {
  readonly name: string;
  readonly phase: string;
  readonly ready: boolean;
  /** Why a container waits or how it ended: `CrashLoopBackOff`, `Error (exit 1)`; `null` when all run. */
  readonly reason: string | null;
  readonly restarts: number;
  /** RFC 3339. */
  readonly created: string | null;
  readonly deleting: boolean;
  /** The controller that would make another one. */
  readonly owner: string | null;
}

export function pods(namespace: string, labels: string): Fact<'cluster', readonly Pod[]> {
  return listFact({
    key: `pods ${namespace} ${labels}`,
    list: { apiVersion: 'v1', kind: 'Pod', namespace, labels },
    parse: (items) => items.map(parsePod).sort((a, b) => (a.name < b.name ? -1 : 1)),
  });
}

/** `openclaw-worker-1 (CrashLoopBackOff, 4 restarts)`. */
export function troubleOf(pod: Pod): string {
  const restarts = pod.restarts === 0 ? '' : `, ${pod.restarts} restart${pod.restarts === 1 ? '' : 's'}`;
  return `${pod.name} (${pod.reason ?? pod.phase}${restarts})`;
}

/** A label selector of an object in the notation of kubectl. */
export function selectorText(selector: Json | undefined): string {
  const labels = Object.entries(mapAt(selector, 'matchLabels')).map(
    ([key, value]) => `${key}=${String(value)}`,
  );
  const expressions = listAt(selector, 'matchExpressions').map((one) => {
    const [key, values] = [textAt(one, 'key') ?? '', `(${textsAt(one, 'values').join(',')})`];
    const written = {
      In: `${key} in ${values}`,
      NotIn: `${key} notin ${values}`,
      Exists: key,
      DoesNotExist: `!${key}`,
    };
    return new Map(Object.entries(written)).get(textAt(one, 'operator') ?? '') ?? key;
  });
  return [...labels, ...expressions].join(',');
}

function parsePod(pod: ClusterObject): Pod {
  const statuses = [
    ...listAt(pod, 'status', 'containerStatuses'),
    ...listAt(pod, 'status', 'initContainerStatuses'),
  ];
  const condition = listAt(pod, 'status', 'conditions').find((one) => textAt(one, 'type') === 'Ready');
  const owner = listAt(pod, 'metadata', 'ownerReferences').find((one) => at(one, 'controller') === true);
  return {
    name: pod.metadata.name,
    phase: textAt(pod, 'status', 'phase') ?? 'Unknown',
    // an evicted pod may keep the condition that it had
    ready: textAt(condition, 'status') === 'True' && !ended.includes(textAt(pod, 'status', 'phase') ?? ''),
    reason: evicted(pod) ?? statuses.map(reasonOf).find((reason) => reason !== null) ?? unscheduled(pod),
    restarts: statuses.reduce<number>((sum, one) => sum + (numberAt(one, 'restartCount') ?? 0), 0),
    created: textAt(pod, 'metadata', 'creationTimestamp') ?? null,
    deleting: textAt(pod, 'metadata', 'deletionTimestamp') !== undefined,
    owner: owner === undefined ? null : `${textAt(owner, 'kind')} ${textAt(owner, 'name')}`,
  };
}

const ended: readonly string[] = ['Failed', 'Succeeded'];

/** Why the node, not a container, ended the pod: `Evicted`. */
function evicted(pod: ClusterObject): string | undefined {
  return textAt(pod, 'status', 'phase') === 'Failed' ? textAt(pod, 'status', 'reason') : undefined;
}

function reasonOf(status: Json): string | null {
  const waiting = textAt(status, 'state', 'waiting', 'reason');
  if (waiting !== undefined) return waiting;
  const exit = numberAt(status, 'state', 'terminated', 'exitCode');
  return exit === undefined || exit === 0
    ? null
    : `${textAt(status, 'state', 'terminated', 'reason') ?? 'ended'} (exit ${exit})`;
}

function unscheduled(pod: ClusterObject): string | null {
  const conditions = listAt(pod, 'status', 'conditions');
  const scheduled = conditions.find(
    (one) => textAt(one, 'type') === 'PodScheduled' && textAt(one, 'status') === 'False',
  );
  return textAt(scheduled, 'reason') ?? textAt(pod, 'status', 'reason') ?? null;
}
