import type { ContainerLog } from './container-log.ts';
import type { Context } from './context.ts';
import { createLoop } from './loop.ts';
import { isObstacle, readSurroundings, type Surroundings } from './mounts.ts';
import type { Decision, Registration } from './registration.ts';
import type { Registry } from './registry.ts';
import { parseWorkerConfig } from './settings.ts';
import type { Container, Pod } from './workloads.ts';

/** One run of a worker's container, from its start to its end. */
export interface WorkerRun {
  /** Something it depends on may have changed: register again now. */
  poke(): void;
  stop(): void;
}

export interface WorkerOptions {
  readonly pod: Pod;
  readonly container: Container;
  readonly surroundings: Surroundings;
  readonly log: ContainerLog;
  readonly registry: Registry;
  /** Registered for the first time in this run. */
  readonly onReady: () => void;
  /** Ended with 1. */
  readonly onExit: () => void;
}

const ROOT = '/etc/openclaw';
const RECHECK_MS = 2000;

/** Runs a worker: it registers, pulls tasks while it is let in, and ends when it is not. */
export function startWorker(context: Context, options: WorkerOptions): WorkerRun {
  const { pod, container, log, registry, onReady, onExit } = options;
  const own = new AbortController();
  const signal = AbortSignal.any([context.signal, own.signal]);
  let registration = registrationOf(pod, options.surroundings);
  let isReady = false;

  const denied = (decision: Decision & { accepted: false }) => {
    end([
      ...(decision.cause === undefined ? [] : [decision.cause]),
      'clw-worker-denied: Worker registration rejected by cluster security policy',
      `Reason: ${decision.reason}`,
    ]);
  };
  const end = (errors: readonly string[]) => {
    for (const error of errors) log.write('ERROR', error);
    log.write('INFO', 'Retrying in 30 seconds...');
    own.abort();
    onExit();
  };
  const accepted = () => {
    if (isReady) return;
    isReady = true;
    log.write('INFO', 'Successfully registered with cluster');
    log.write('INFO', 'Worker status: READY');
    log.write('INFO', 'Pulling task from queue...');
    onReady();
  };
  const loop = createLoop(
    async () => {
      if (isReady && registration.env.OPENCLAW_TLS_RELOAD === 'true') {
        const seen = await readSurroundings(context, pod, container, { fresh: false });
        if (!isObstacle(seen)) registration = { ...registration, ...certificatesOf(registration, seen) };
      }
      const obstacle = await registry.connect(pod, registration.config.endpoint);
      if (signal.aborted) return;
      if (obstacle !== undefined) return end([`clw-cluster-unreachable: ${obstacle}`]);
      const decision = await registry.register(pod, registration);
      if (signal.aborted) return;
      if (decision.accepted) accepted();
      else denied(decision);
      loop.poke(RECHECK_MS);
    },
    signal,
    context.onError,
  );
  log.write('INFO', `Connecting to cluster at ${registration.config.endpoint}`);
  loop.poke();
  return { poke: () => loop.poke(), stop: () => own.abort() };
}

function registrationOf(pod: Pod, surroundings: Surroundings): Registration {
  const { files, env } = surroundings;
  const config = parseWorkerConfig(files[`${ROOT}/config/worker-config.yaml`]) ?? parseWorkerConfig('{}')!;
  const token = files[`${ROOT}/token/token`]?.trim();
  const registration = {
    pod: pod.metadata.name,
    podUid: pod.metadata.uid ?? '',
    podNamespace: pod.metadata.namespace ?? 'default',
    serviceAccount: pod.spec.serviceAccountName || 'default',
    config,
    env,
    ...(token && { token }),
  };
  return { ...registration, ...certificatesOf(registration, surroundings) };
}

function certificatesOf({ config, env }: Pick<Registration, 'config' | 'env'>, { files }: Surroundings) {
  const caBundle = files[env.OPENCLAW_CA_BUNDLE || config.caBundle];
  const clientCertificate = files[`${ROOT}/tls/tls.crt`];
  return { ...(caBundle && { caBundle }), ...(clientCertificate && { clientCertificate }) };
}
