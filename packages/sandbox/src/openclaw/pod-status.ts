import { isDeepStrictEqual } from 'node:util';
import {
  type Condition,
  type ContainerState,
  type ContainerStatus,
  type Pod,
  timestamp,
} from './workloads.ts';

/** What the node knows of a container. */
export interface ContainerView {
  readonly name: string;
  readonly image: string;
  readonly id: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state: ContainerState;
  readonly lastState?: ContainerState;
}

/** A pod's status as a kubelet writes it; undefined when the pod already says so. */
export function podStatus(pod: Pod, containers: readonly ContainerView[], now: Date): object | undefined {
  const allReady = containers.every(({ ready }) => ready);
  const unready = containers.filter(({ ready }) => !ready).map(({ name }) => name);
  const complaint = {
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${unready.join(' ')}]`,
  };
  const readiness = allReady ? {} : complaint;
  const started = containers.some(({ state }) => state.waiting?.reason !== 'ContainerCreating');
  const conditions = [
    condition('Initialized', true),
    condition('Ready', allReady, readiness),
    condition('ContainersReady', allReady, readiness),
    condition('PodScheduled', true),
  ].map((next) => withTransition(next, pod, now));
  const kept =
    pod.status?.conditions?.filter(({ type }) => !conditions.some((own) => own.type === type)) ?? [];
  const status = {
    phase: started ? 'Running' : 'Pending',
    conditions: [...conditions, ...kept],
    hostIP: '127.0.0.1',
    podIP: pod.status?.podIP ?? addressOf(pod),
    startTime: pod.status?.startTime ?? timestamp(now),
    containerStatuses: containers.map(containerStatus),
  };
  return isContained(status, pod.status) ? undefined : status;
}

function containerStatus({
  name,
  image,
  id,
  ready,
  restartCount,
  state,
  lastState,
}: ContainerView): ContainerStatus {
  return {
    name,
    image,
    imageID: state.waiting?.reason === 'ContainerCreating' ? '' : `docker.io/${image}`,
    containerID: id,
    ready,
    started: state.running !== undefined,
    restartCount,
    state,
    lastState: lastState ?? {},
  };
}

function condition(type: string, holds: boolean, complaint: Partial<Condition> = {}): Condition {
  return { type, status: holds ? 'True' : 'False', ...complaint };
}

function withTransition(next: Condition, pod: Pod, now: Date): Condition {
  const known = pod.status?.conditions?.find(({ type }) => type === next.type);
  const same = known?.status === next.status && known.lastTransitionTime !== undefined;
  return { ...next, lastTransitionTime: same ? known.lastTransitionTime! : timestamp(now) };
}

/** An address of its own for each pod, made from its uid. */
function addressOf({ metadata }: Pod): string {
  const [a = 0, b = 0] = Buffer.from((metadata.uid ?? '').replaceAll('-', '').slice(0, 4), 'hex');
  return `10.88.${a}.${b}`;
}

/** The API server adds fields of its own (`lastProbeTime: null`, `podIPs`); they do not make a difference. */
function isContained(wanted: unknown, found: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(found) &&
      wanted.length === found.length &&
      wanted.every((item, index) => isContained(item, found[index]))
    );
  }
  if (typeof wanted !== 'object' || wanted === null) return isDeepStrictEqual(wanted, found ?? blank(wanted));
  const other = (typeof found === 'object' && found !== null ? found : {}) as Record<string, unknown>;
  return Object.entries(wanted).every(([key, value]) => isContained(value, other[key]));
}

function blank(wanted: unknown): unknown {
  return typeof wanted === 'string' ? '' : typeof wanted === 'number' ? 0 : false;
}
