import { isAbsent, KubeError } from './client.ts';
import { type Context, NODE_NAME } from './context.ts';
import type { FoundContainer } from './exec-endpoint.ts';
import type { FoundLog } from './node-server.ts';
import { isOpenClaw, type PodRun, type PodRunOptions, startPod } from './pod-run.ts';
import { type KubeObject, resources } from './resources.ts';
import type { Pod } from './workloads.ts';

/** The node's pods. */
export interface Pods {
  /** A pod was added, changed or removed. */
  observe(pod: Pod, type: 'changed' | 'gone'): void;
  /** Makes all workers register again now. */
  poke(): void;
  run(pod: Pod): PodRun | undefined;
  log(target: { namespace: string; pod: string; container: string; previous: boolean }): FoundLog;
  container(target: { namespace: string; pod: string; container: string }): FoundContainer;
  stop(): void;
}

export interface PodsOptions extends PodRunOptions {
  /** Other nodes exist: pods that are not OpenClaw's are left to them. */
  readonly isGuest: boolean;
}

/** Runs the pods that are bound to this node, and binds those that nobody else will. */
export function createPods(context: Context, options: PodsOptions): Pods {
  const runs = new Map<string, PodRun>();
  const ending = new Set<string>();
  const attempt = (work: Promise<unknown>) =>
    work.catch((error: unknown) => {
      const isPassing = isAbsent(error) || (error instanceof KubeError && error.code === 409);
      if (!context.signal.aborted && !isPassing) context.onError(error);
    });

  const end = (uid: string) => {
    runs.get(uid)?.stop();
    runs.delete(uid);
  };
  const observe = (pod: Pod, type: 'changed' | 'gone') => {
    const { uid = '', deletionTimestamp } = pod.metadata;
    if (type === 'gone') {
      end(uid);
      ending.delete(uid);
      void attempt(options.registry.remove(pod));
    } else if (!pod.spec.nodeName) {
      const isOurs = !options.isGuest || isOpenClaw(pod);
      if (deletionTimestamp === undefined && isOurs) void attempt(bind(context, pod));
    } else if (pod.spec.nodeName === NODE_NAME) {
      if (deletionTimestamp === undefined) {
        if (!runs.has(uid)) runs.set(uid, startPod(context, pod, options));
      } else if (!ending.has(uid)) {
        ending.add(uid);
        end(uid);
        const immediately = { gracePeriodSeconds: 0, preconditions: { uid } };
        void attempt(context.client.remove(resources.pods, pod, immediately));
      }
    }
  };

  return {
    observe,
    poke: () => {
      for (const run of runs.values()) run.poke();
    },
    run: (pod) => runs.get(pod.metadata.uid ?? ''),
    log: ({ namespace, pod: name, container, previous }) => {
      const pod = context.caches.pods.get(`${namespace}/${name}`);
      const run = runs.get(pod?.metadata.uid ?? '');
      if (run === undefined) return { code: 404, message: `pod "${name}" not found` };
      const log = run.log(container, previous);
      if (log !== undefined) return log;
      const what = `container "${container}" in pod "${name}"`;
      return previous
        ? { code: 400, message: `previous terminated ${what} not found` }
        : { code: 400, message: `${what} is waiting to start: ContainerCreating` };
    },
    container: ({ namespace, pod: name, container }) => {
      const pod = context.caches.pods.get(`${namespace}/${name}`);
      const run = runs.get(pod?.metadata.uid ?? '');
      return run?.container(container) ?? { code: 404, message: 'pod does not exist' };
    },
    stop: () => {
      for (const uid of [...runs.keys()]) end(uid);
    },
  };
}

async function bind({ client }: Context, pod: Pod): Promise<void> {
  const { name, namespace } = pod.metadata;
  const target = { apiVersion: 'v1', kind: 'Node', name: NODE_NAME };
  const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace }, target };
  try {
    await client.create(resources.pods, binding as KubeObject, 'binding');
  } catch (error) {
    if (!isAbsent(error)) throw error;
    await client.patch(resources.pods, pod, { spec: { nodeName: NODE_NAME } });
  }
}
