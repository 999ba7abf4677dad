import type { ContainerLog } from './container-log.ts';
import type { Context, Worker } from './context.ts';
import { obstacleOf } from './reachability.ts';
import { type Decision, decideRegistration, identityOf, type Registration } from './registration.ts';
import { controlledBy, keyOf, resources } from './resources.ts';
import type { Reviews } from './reviews.ts';
import { parsePolicy } from './settings.ts';
import { type Pod, timestamp } from './workloads.ts';
import { SYSTEM_NAMESPACE } from './world-cluster-side.ts';

/** The controller's side of registration: it decides, logs, and keeps the Worker objects. */
export interface Registry {
  register(pod: Pod, worker: Registration): Promise<Decision>;
  /** True while the pod's worker is let in. */
  isRegistered(podUid: string): boolean;
  /** Why the worker cannot connect at all; undefined: it can. One that was let in is noted as LOST. */
  connect(pod: Pod, endpoint: string): Promise<string | undefined>;
  /** The worker has ended: its identity is free. */
  release(podUid: string): void;
  /** The pod is gone: so is its Worker. */
  remove(pod: Pod): Promise<void>;
  /** Removes Workers whose pods vanished while nobody looked. */
  sweep(): Promise<void>;
}

const HEARTBEAT_MS = 30_000;

/** A registry that writes what it decides to `log`, the controller's log. */
export function createRegistry(context: Context, reviews: Reviews, log: ContainerLog): Registry {
  const { client, caches, now } = context;
  const holders = new Map<string, string>();
  const registered = new Set<string>();

  const release = (podUid: string) => {
    registered.delete(podUid);
    for (const [identity, holder] of holders) if (holder === podUid) holders.delete(identity);
  };
  const claim = (identity: string, podUid: string) => {
    const holder = holders.get(identity);
    if (holder !== undefined && holder !== podUid) return false;
    holders.set(identity, podUid);
    return true;
  };
  const report = (worker: Registration, decision: Decision) => {
    const identity = identityOf(worker);
    if (decision.accepted) {
      if (registered.has(worker.podUid)) return;
      registered.add(worker.podUid);
      log.write('INFO', `Worker registered worker-id=${identity} namespace=${worker.podNamespace}`);
      return;
    }
    release(worker.podUid);
    const role = decision.violation === 'rbac' ? ' role=worker-binding' : '';
    const where = `${role} namespace=${worker.podNamespace} violation=security-policy-check`;
    log.write('WARN', `Worker registration denied for worker-id=${identity}: ${decision.reason}${where}`);
  };

  return {
    release,
    async connect(pod, endpoint) {
      const obstacle = obstacleOf({
        endpoint,
        from: pod,
        service: caches.services.get(`${SYSTEM_NAMESPACE}/openclaw-api`),
        pods: caches.pods.all(),
        policies: caches.networkPolicies.all(),
        labelsOf: (name) => ({
          'kubernetes.io/metadata.name': name,
          ...caches.namespaces.get(name)?.metadata.labels,
        }),
        blocked:
          parsePolicy(
            caches.configMaps.get(`${SYSTEM_NAMESPACE}/openclaw-security-policy`)?.data?.['policy.yaml'],
          )?.blockedNamespaces ?? [],
      });
      const worker = caches.workers.get(keyOf(pod));
      const isOwn = worker?.metadata.ownerReferences?.some(({ uid }) => uid === pod.metadata.uid) ?? false;
      if (obstacle === undefined) return undefined;
      release(pod.metadata.uid ?? '');
      if (worker !== undefined && isOwn && worker.status?.state !== 'LOST') {
        const status = { state: 'LOST', reason: obstacle };
        caches.workers.put(await client.patch<Worker>(resources.workers, worker, { status }, 'status'));
      }
      return obstacle;
    },
    isRegistered: (podUid) => registered.has(podUid),
    async register(pod, worker) {
      const policy = caches.configMaps.get(`${SYSTEM_NAMESPACE}/openclaw-security-policy`);
      const ca = caches.configMaps.get(`${SYSTEM_NAMESPACE}/openclaw-ca`);
      const decision = await decideRegistration(worker, {
        policy: parsePolicy(policy?.data?.['policy.yaml']),
        ca: ca?.data?.['ca.crt'],
        now: now(),
        reviewToken: reviews.reviewToken,
        mayWork: reviews.mayWork,
        claim,
      });
      report(worker, decision);
      await record(context, pod, identityOf(worker), decision);
      return decision;
    },
    async remove(pod) {
      release(pod.metadata.uid ?? '');
      const worker = caches.workers.get(keyOf(pod));
      if (worker === undefined || caches.pods.get(keyOf(pod)) !== undefined) return;
      await client.remove(resources.workers, worker);
      caches.workers.forget(worker);
    },
    async sweep() {
      for (const worker of caches.workers.all()) {
        const pod = caches.pods.get(`${worker.metadata.namespace}/${worker.spec.pod}`);
        const isItsOwn = worker.metadata.ownerReferences?.some(({ uid }) => uid === pod?.metadata.uid);
        if (pod === undefined || isItsOwn === false) await client.remove(resources.workers, worker);
      }
    },
  };
}

async function record({ client, caches, now }: Context, pod: Pod, identity: string, decision: Decision) {
  const { name, namespace, uid } = pod.metadata;
  const key = keyOf(pod);
  let worker = caches.workers.get(key);
  const spec = { identity, pod: name };
  const isForeign = worker?.metadata.ownerReferences?.every((owner) => owner.uid !== uid) ?? false;
  if (worker !== undefined && isForeign) {
    await client.remove(resources.workers, worker);
    caches.workers.forget(worker);
    worker = undefined;
  }
  if (worker === undefined) {
    const ownerReferences = [controlledBy(resources.pods, pod)];
    worker = await client.create<Worker>(resources.workers, {
      metadata: { name, ...(namespace && { namespace }), ownerReferences },
      spec,
    });
  } else if (worker.spec.identity !== identity) {
    worker = await client.patch<Worker>(resources.workers, worker, { spec });
  }
  const state = decision.accepted ? 'READY' : 'REJECTED';
  const reason = decision.accepted ? undefined : decision.reason;
  const seen = Date.parse(worker.status?.lastSeen ?? '');
  const isCurrent = worker.status?.state === state && worker.status.reason === reason;
  if (!isCurrent || !(now().getTime() - seen < HEARTBEAT_MS)) {
    const status = { state, reason: reason ?? null, lastSeen: timestamp(now()) };
    worker = await client.patch<Worker>(resources.workers, worker, { status }, 'status');
  }
  caches.workers.put(worker);
}
