import { randomUUID } from 'node:crypto';
import { type ContainerLog, createContainerLog } from './container-log.ts';
import type { Context } from './context.ts';
import type { FoundContainer } from './exec-endpoint.ts';
import { createLoop } from './loop.ts';
import { isObstacle, readSurroundings } from './mounts.ts';
import { podStatus } from './pod-status.ts';
import type { Registry } from './registry.ts';
import { keyOf, resources } from './resources.ts';
import { startWorker, type WorkerRun } from './worker.ts';
import { type Container, type ContainerState, type Pod, type PodTemplate, timestamp } from './workloads.ts';

/** The pauses before a container that ended is started again: doubling from `firstMs` to `mostMs`. */
export interface BackOff {
  readonly firstMs: number;
  readonly mostMs: number;
}

export interface PodRunOptions {
  readonly registry: Registry;
  readonly controllerLog: ContainerLog;
  readonly backOff: BackOff;
  /** A worker of the pod has been decided upon, or its containers run: something to see has happened. */
  readonly onShown: () => void;
  /** A run of a container is over. */
  readonly onEnd?: (containerId: string) => void;
}

/** A pod that runs on the node. */
export interface PodRun {
  readonly uid: string;
  /** True once the pod's status tells of its first decision, or why there is none; without a worker in it, of its start. */
  readonly isShown: boolean;
  /** The log of a container's current or latest run, or of the run before; undefined where there is none. */
  log(container: string, previous: boolean): ContainerLog | undefined;
  /** A container that runs, for commands in it; or why none can. */
  container(name: string): FoundContainer;
  /** A line in the logs of its workers. */
  note(text: string, level?: 'INFO' | 'WARN'): void;
  poke(): void;
  stop(): void;
}

interface ContainerRun {
  readonly spec: Container;
  readonly isWorker: boolean;
  id: string;
  ready: boolean;
  shown: boolean;
  restartCount: number;
  failures: number;
  startedAt: string;
  state: ContainerState;
  env: Readonly<Record<string, string>>;
  lastState?: ContainerState;
  log?: ContainerLog;
  previousLog?: ContainerLog;
  worker?: WorkerRun;
  timer?: NodeJS.Timeout;
}

const WORKER_IMAGE = /(^|\/)openclaw\/worker([:@]|$)/;
const CONTROLLER_IMAGE = /(^|\/)openclaw\/controller([:@]|$)/;
const WAIT_FOR_MOUNTS_MS = 1000;

/** True when a container of the pod (or of the pods made from the template) runs an image of OpenClaw's. */
export function isOpenClaw({ spec }: Pick<PodTemplate, 'spec'>): boolean {
  return spec.containers.some(({ image }) => WORKER_IMAGE.test(image) || CONTROLLER_IMAGE.test(image));
}

/** Starts the pod's containers and keeps its status current until it is stopped. */
export function startPod(context: Context, pod: Pod, options: PodRunOptions): PodRun {
  const { caches, client, now } = context;
  const own = new AbortController();
  const signal = AbortSignal.any([context.signal, own.signal]);
  const containers = pod.spec.containers.map((spec) => newContainer(pod, spec));
  let isShown = false;

  const status = createLoop(
    async () => {
      const current = caches.pods.get(keyOf(pod));
      if (current?.metadata.uid !== pod.metadata.uid) return;
      const views = containers.map((container) => ({ ...container, ...container.spec }));
      const wanted = podStatus(current!, views, now());
      const isComplete = containers.every(({ shown }) => shown);
      if (wanted !== undefined) {
        const target = { metadata: { ...pod.metadata } };
        const uid = pod.metadata.uid;
        const body = { metadata: { uid }, status: wanted };
        caches.pods.put(await client.patch<Pod>(resources.pods, target, body, 'status'));
      }
      if (!isShown && isComplete) {
        isShown = true;
        options.onShown();
      }
    },
    signal,
    context.onError,
  );

  const start = async (container: ContainerRun) => {
    const found = await readSurroundings(context, pod, container.spec, { fresh: true });
    if (signal.aborted) return;
    if (isObstacle(found)) {
      container.state = { waiting: { reason: found.reason, message: found.message } };
      container.shown = true;
      container.timer = setTimeout(begin, WAIT_FOR_MOUNTS_MS, container);
      status.poke();
      return;
    }
    container.id = `openclaw://${randomUUID().replaceAll('-', '')}`;
    container.startedAt = timestamp(now());
    container.state = { running: { startedAt: container.startedAt } };
    container.env = found.env;
    if (container.log !== undefined) container.previousLog = container.log;
    container.log = CONTROLLER_IMAGE.test(container.spec.image)
      ? options.controllerLog
      : createContainerLog(now);
    if (!container.isWorker) {
      container.ready = true;
      container.shown = true;
      status.poke();
      return;
    }
    container.worker = startWorker(context, {
      pod,
      container: container.spec,
      surroundings: found,
      log: container.log,
      registry: options.registry,
      onReady: () => {
        Object.assign(container, { ready: true, shown: true, failures: 0 });
        status.poke();
      },
      onExit: () => exit(container),
    });
  };
  const begin = (container: ContainerRun) => {
    start(container).catch((error: unknown) => {
      if (signal.aborted) return;
      context.onError(error);
      container.timer = setTimeout(begin, WAIT_FOR_MOUNTS_MS, container);
    });
  };
  const exit = (container: ContainerRun) => {
    const { firstMs, mostMs } = options.backOff;
    const pause = Math.min(mostMs, firstMs * 2 ** container.failures);
    Object.assign(container, { ready: false, shown: true, failures: container.failures + 1 });
    delete container.worker;
    container.log?.end();
    options.onEnd?.(container.id);
    container.lastState = { terminated: terminated(container, timestamp(now())) };
    const who = `container=${container.spec.name} pod=${pod.metadata.name}_${pod.metadata.namespace}`;
    const message = `back-off ${pause / 1000}s restarting failed ${who}(${pod.metadata.uid})`;
    container.state = { waiting: { reason: 'CrashLoopBackOff', message } };
    container.timer = setTimeout(() => {
      container.restartCount += 1;
      begin(container);
    }, pause);
    status.poke();
  };
  const stop = () => {
    own.abort();
    for (const container of containers) {
      clearTimeout(container.timer);
      container.worker?.stop();
      options.onEnd?.(container.id);
      if (container.log !== options.controllerLog) container.log?.end();
    }
    options.registry.release(pod.metadata.uid ?? '');
  };

  for (const container of containers) begin(container);
  const find = (name: string) => containers.find(({ spec }) => spec.name === name);
  return {
    uid: pod.metadata.uid ?? '',
    get isShown() {
      return isShown;
    },
    log: (name, previous) => (previous ? find(name)?.previousLog : find(name)?.log),
    container: (name) => {
      const found = find(name);
      if (found?.state.running === undefined)
        return { code: 500, message: `container not found (${JSON.stringify(name)})` };
      return { id: found.id, hostname: pod.metadata.name, env: found.env };
    },
    note: (text, level = 'INFO') => {
      for (const { isWorker, log } of containers) if (isWorker) log?.write(level, text);
    },
    poke: () => {
      for (const { worker } of containers) worker?.poke();
    },
    stop,
  };
}

function newContainer(pod: Pod, spec: Container): ContainerRun {
  const before = pod.status?.containerStatuses?.find(({ name }) => name === spec.name);
  return {
    spec,
    isWorker: WORKER_IMAGE.test(spec.image),
    id: '',
    ready: false,
    shown: false,
    // A pod that ran before this node took over is started anew.
    restartCount: before?.containerID ? before.restartCount + 1 : 0,
    failures: 0,
    startedAt: '',
    env: {},
    state: { waiting: { reason: 'ContainerCreating' } },
  };
}

function terminated({ id, startedAt }: ContainerRun, finishedAt: string) {
  return { exitCode: 1, reason: 'Error', startedAt, finishedAt, containerID: id };
}
