import { ClawError, type ClusterObject, isObject } from '@claw-run/core';
import type { Api } from '../cluster/api.ts';
import { type ApiStatus, apiError, isObjectNotFound } from '../cluster/status.ts';
import { quote } from '../host/quote.ts';

/** A container of a pod. */
export interface Place {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string | undefined;
}

/** A place, and how to look at it. */
export interface Looking extends Place {
  readonly api: Api;
}

const lookingMs = 10_000;

/** `pod production/web-0, container main` */
export function named({ namespace, pod, container }: Place): string {
  return `pod ${namespace}/${pod}${container === undefined ? '' : `, container ${container}`}`;
}

/** Why no shell could be started, in words for people; looks at the pod where the server's own words do not say. */
export async function explain(place: Looking, status: ApiStatus): Promise<ClawError> {
  if (status.code === 401) return apiError(`run a shell in ${named(place)}`, status);
  if (status.code === 403) return rightsMissing(place, status);
  if (isObjectNotFound(status) && status.details?.kind === 'pods') return podMissing(place);
  if (/executable file\b.*\bnot found|no such file or directory/i.test(status.message))
    return new ClawError('unreachable', `${named(place)}: its image has no shell: ${status.message}`, {
      hint: 'claw-run needs a POSIX sh there: choose another container, or add one with `kubectl debug`',
    });
  const found = await look(place);
  if (found === null) return podMissing(place);
  return (found && finding(place, found)) ?? unexplained(place, status);
}

function rightsMissing(place: Place, status: ApiStatus): ClawError {
  // kubectl takes a comma for the end of a name
  const user = /User "([A-Za-z0-9:@._/#=+-]+)"/.exec(status.message)?.[1] ?? 'USER';
  const namespace = `--namespace=${quote(place.namespace)}`;
  const role = `kubectl create role claw-run-exec ${namespace} --verb=get,create --resource=pods/exec --resource-name=${quote(place.pod)}`;
  const binding = `kubectl create rolebinding claw-run-exec ${namespace} --role=claw-run-exec --user=${quote(user)}`;
  return new ClawError('forbidden', `cannot run a shell in ${named(place)}: ${status.message}`, {
    // each whole on its line: a part of it would grant more than all of it
    hint: `grant it:\n    ${role}\n    ${binding}`,
  });
}

function podMissing(place: Place): ClawError {
  return new ClawError('unreachable', `there is no pod ${place.namespace}/${place.pod}`, {
    hint: `see which there are: kubectl get pods --namespace ${place.namespace}`,
  });
}

/** The pod, `null` where there is none, nothing where it cannot be told. */
async function look({ api, namespace, pod }: Looking): Promise<ClusterObject | null | undefined> {
  const ref = { apiVersion: 'v1', kind: 'Pod', namespace, name: pod };
  try {
    return await api.get(ref, AbortSignal.timeout(lookingMs));
  } catch {
    return undefined;
  }
}

function finding(place: Place, pod: ClusterObject): ClawError | undefined {
  const usual = namesIn(pod, 'containers');
  const all = [...usual, ...namesIn(pod, 'initContainers'), ...namesIn(pod, 'ephemeralContainers')];
  const { container } = place;
  if (container !== undefined && !all.includes(container))
    return new ClawError('unreachable', `pod ${place.namespace}/${place.pod} has no container ${container}`, {
      hint: `it has: ${all.join(', ')}`,
    });
  const status = record(pod.status);
  const phase = String(status.phase ?? 'Unknown');
  if (phase === 'Succeeded' || phase === 'Failed')
    return new ClawError('unreachable', `${named(place)} has ended (${phase})`, {
      hint: 'bind the target to a pod that runs',
    });
  const statuses = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'].flatMap(
    (key) => records(status[key]),
  );
  const own = statuses.find(({ name }) => name === (container ?? usual[0]));
  const why = waiting(record(own?.state)) ?? (phase === 'Running' ? undefined : reasonOf(status));
  if (phase !== 'Running' || why !== undefined)
    return new ClawError(
      'unreachable',
      `${named(place)} is not running: ${[phase, why].filter((part) => part !== undefined).join(', ')}`,
      {
        hint: `see why: kubectl describe pod ${place.pod} --namespace ${place.namespace}`,
        retryable: true,
      },
    );
  if (container === undefined && usual.length > 1)
    return new ClawError('unreachable', `${named(place)} has more than one container`, {
      hint: `name one of them: ${all.join(', ')}`,
    });
  return undefined;
}

function unexplained(place: Place, status: ApiStatus): ClawError {
  return new ClawError('unreachable', `cannot run a shell in ${named(place)}: ${status.message}`, {
    hint: 'try it by hand: kubectl exec',
    retryable: status.code >= 500 || status.code === 429,
  });
}

/** `CrashLoopBackOff: back-off 8s restarting failed container`, for a container that does not run. */
function waiting(state: Fields): string | undefined {
  if (state.waiting !== undefined) return reasonOf(record(state.waiting));
  if (state.terminated === undefined) return undefined;
  const { reason = 'terminated', exitCode } = record(state.terminated);
  return `${reason}, exit ${exitCode}`;
}

function reasonOf({ reason, message }: Fields): string | undefined {
  const parts = [reason, message].filter((part) => typeof part === 'string' && part !== '');
  return parts.length === 0 ? undefined : parts.join(': ');
}

type Fields = { readonly [name: string]: unknown };

function namesIn(pod: ClusterObject, list: string): readonly string[] {
  return records(record(pod.spec)[list]).map(({ name }) => String(name));
}

function record(value: unknown): Fields {
  return isObject(value) ? value : {};
}

function records(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(record) : [];
}
