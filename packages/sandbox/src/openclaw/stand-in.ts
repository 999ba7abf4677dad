import { type Cache, watchAll } from './cache.ts';
import { createAuthority } from './certificates.ts';
import { createClient } from './client.ts';
import { createContainerLog } from './container-log.ts';
import { type Caches, type Context, NODE_NAME } from './context.ts';
import { type Controllers, createDeploymentController } from './deployments.ts';
import { createExecEndpoint } from './exec-endpoint.ts';
import { createJobController } from './jobs.ts';
import type { ClusterAccess } from './kubeconfig.ts';
import { keepNodeAlive, registerNode, unregisterNode } from './node-object.ts';
import { startNodeServer } from './node-server.ts';
import { type BackOff, isOpenClaw } from './pod-run.ts';
import { createPods, type Pods } from './pods.ts';
import { createRegistry } from './registry.ts';
import { type KubeObject, type Resource, resources } from './resources.ts';
import { createReviews } from './reviews.ts';
import { type Deployment, isActive, isReady, type Pod, type ReplicaSet } from './workloads.ts';

export interface StandInOptions {
  readonly access: ClusterAccess;
  readonly controllers?: Controllers;
  readonly backOff?: BackOff;
  /**
   * Lets `exec` into pods run commands on this machine, for an API server that shows a client certificate of this CA (PEM). Absent: none are run.
   */
  readonly execFor?: string;
  /** Hears of what went wrong and will be tried again. */
  readonly onError?: (error: unknown) => void;
}

/** OpenClaw's controller and the node that runs its pods, at work in a cluster. */
export interface StandIn {
  /** Resolves when every Deployment of OpenClaw's has its pods and each of them shows its first decision. */
  settled(signal?: AbortSignal): Promise<void>;
  /** Ends timers, sockets and watches, and takes the node out of the cluster. */
  close(): Promise<void>;
}

/** Starts the controller and the node. The kinds of OpenClaw have to be defined already. */
export async function startStandIn(options: StandInOptions): Promise<StandIn> {
  const { access, controllers = 'detect', backOff = { firstMs: 1000, mostMs: 8000 } } = options;
  const client = createClient(access);
  const ended = new AbortController();
  const { signal } = ended;
  const onError = options.onError ?? (() => {});
  const now = () => new Date();
  const waiting = new Set<() => void>();
  const changed = () => {
    for (const look of waiting) look();
  };

  let pods: Pods | undefined;
  const reviews = createReviews(client);
  const watch = <T extends KubeObject>(
    resource: Resource,
    onChange: (object: T, type: 'changed' | 'gone') => void,
  ) => watchAll<T>(client, resource, { signal, onChange });
  const onRights = () => {
    reviews.forget();
    pods?.poke();
  };
  const onFile = () => pods?.poke();
  const onWorkload = (object: KubeObject): void => {
    deployments.observe(object);
    deployments.poke();
    changed();
  };
  const caches: Caches = {
    pods: watch(resources.pods, (pod, type) => {
      pods?.observe(pod, type);
      deployments.poke();
      changed();
    }),
    deployments: watch<Deployment>(resources.deployments, onWorkload),
    replicaSets: watch<ReplicaSet>(resources.replicaSets, onWorkload),
    configMaps: watch(resources.configMaps, onFile),
    secrets: watch(resources.secrets, onFile),
    workers: watch(resources.workers, () => jobs.poke()),
    services: watch(resources.services, onFile),
    networkPolicies: watch(resources.networkPolicies, onFile),
    namespaces: watch(resources.namespaces, () => {}),
    quotas: watch(resources.quotas, () => jobs.poke()),
    jobs: watch(resources.jobs, (job, type) => (type === 'gone' ? jobs.forget(job) : jobs.poke())),
  };
  const context: Context = { client, caches, signal, now, onError };
  const deployments = createDeploymentController(context, controllers);
  const controllerLog = createContainerLog(now);
  controllerLog.write('INFO', 'OpenClaw controller started');
  const registry = createRegistry(context, reviews, controllerLog);
  const jobs = createJobController(context, {
    isLive: ({ metadata }) =>
      metadata.ownerReferences?.some(({ uid }) => registry.isRegistered(uid)) ?? false,
    note: (key, text, level) => {
      const pod = caches.pods.get(key);
      if (pod !== undefined) pods?.run(pod)?.note(text, level);
    },
  });
  const starting = { code: 503, message: 'the node is starting' };
  const exec = createExecEndpoint((target) => pods?.container(target) ?? starting);
  const server = await startNodeServer(
    await (await createAuthority('openclaw-node')).issue({
      commonName: NODE_NAME,
      usage: 'server',
      addresses: ['127.0.0.1'],
    }),
    (target) => pods?.log(target) ?? starting,
    options.execFor === undefined ? undefined : { endpoint: exec, clientCa: options.execFor },
  );

  const close = async () => {
    ended.abort(new Error('the stand-in was closed'));
    pods?.stop();
    await unregisterNode(client).catch(() => {});
    await exec.close();
    await server.close();
    client.close();
  };
  try {
    const rights = [
      resources.serviceAccounts,
      resources.roles,
      resources.roleBindings,
      resources.clusterRoles,
      resources.clusterRoleBindings,
    ].map((resource) => watch(resource, onRights));
    const everything: readonly Cache<KubeObject>[] = [
      ...(Object.values(caches) as Cache<KubeObject>[]),
      ...rights,
    ];
    await Promise.all(everything.map(({ ready }) => ready));
    const nodes = await client.list(resources.nodes);
    const isGuest = nodes.items.some(({ metadata }) => metadata.name !== NODE_NAME);
    await registerNode(client, server.port);
    keepNodeAlive(client, signal);
    await registry.sweep();
    pods = createPods(context, {
      registry,
      controllerLog,
      backOff,
      isGuest,
      onShown: changed,
      onEnd: exec.forget,
    });
    for (const pod of caches.pods.all()) pods.observe(pod, 'changed');
    deployments.poke();
    jobs.poke();
  } catch (error) {
    await close();
    throw error;
  }

  const isSettled = () => {
    const isOwn = (pod: Pod) => pod.spec.nodeName === NODE_NAME && isActive(pod) && isOpenClaw(pod);
    const active = caches.pods.all().filter(isOwn);
    const own = caches.deployments.all().filter(({ spec }) => isOpenClaw(spec.template));
    const served = own.every(({ metadata, spec, status }) => {
      const isSeen = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
      return isSeen && (status?.replicas ?? 0) >= (spec.replicas ?? 1);
    });
    // pods that a controller has counted may not have come to the node yet
    const wanted = own.reduce((sum, { spec }) => sum + (spec.replicas ?? 1), 0);
    const counted = own.reduce((sum, { status }) => sum + (status?.readyReplicas ?? 0), 0);
    const shown = active.every((pod) => pods?.run(pod)?.isShown === true);
    return served && shown && active.length >= wanted && counted >= active.filter(isReady).length;
  };
  const settled = (until?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const stop = AbortSignal.any(until === undefined ? [signal] : [signal, until]);
      const look = () => {
        if (!stop.aborted && !isSettled()) return;
        waiting.delete(look);
        if (stop.aborted) reject(stop.reason);
        else resolve();
      };
      waiting.add(look);
      stop.addEventListener('abort', look, { once: true });
      look();
    });
  return { settled, close };
}
