import type { ClusterAction, ClusterRead, Connection, Lock } from '@claw-run/core';
import { createApi } from './api.ts';
import type { ClusterChoice } from './cluster-choice.ts';
import { clusterWarnings } from './cluster-warnings.ts';
import { createSender } from './http.ts';
import { type ClusterLock, lockCluster } from './lease.ts';
import { loadConfig } from './load-config.ts';
import { createPerformHeld } from './perform-held.ts';
import { readCluster } from './read.ts';

export interface ClusterOptions extends ClusterChoice {
  /** `claw-run/VERSION`. */
  readonly userAgent: string;
}

/**
 * Connects to the Kubernetes API. Opens nothing yet: the first read does.
 * @throws ClawError `target-unbound` when the kubeconfig cannot be read or lacks the context.
 */
export async function connectCluster(options: ClusterOptions): Promise<Connection<'cluster'>> {
  const config = await loadConfig(options);
  const sender = createSender(config, options.userAgent);
  const api = createApi(sender.send);
  const performHeld = createPerformHeld(api);
  let held: ClusterLock | undefined;
  return {
    kind: 'cluster',
    name: config.currentContext,
    warnings: clusterWarnings(config),
    read: (read: ClusterRead, { signal }) => readCluster(api, read, signal),
    perform: (action: ClusterAction, { key, signal }) => performHeld(action, { key, signal, lock: held }),
    async lock(holder, lockOptions) {
      const beside = (lockOptions.beside ?? []).flatMap((each) => leases.get(each) ?? []);
      const lock = await lockCluster(api, holder, { ...lockOptions, beside });
      held = lock;
      const release = () => {
        if (held === lock) held = undefined;
        return lock.release();
      };
      const given = { lost: lock.lost, release };
      leases.set(given, lock);
      return given;
    },
    close: async () => sender.close(),
  };
}

/** The Leases behind locks that were given away, for who shares them. */
const leases = new WeakMap<Lock, ClusterLock>();
