import type { Cluster } from '../api/context.ts';
import type { Change } from '../storage/store.ts';
import { reconcileAccounts } from './accounts.ts';
import { aggregateRoles } from './aggregation.ts';
import { establishDefinition } from './definitions.ts';
import { collectGarbage } from './garbage.ts';
import { emptyNamespace } from './namespaces.ts';

type Controller = (cluster: Cluster, change: Change) => void | Promise<void>;

const controllers: readonly Controller[] = [
  establishDefinition,
  aggregateRoles,
  reconcileAccounts,
  emptyNamespace,
  collectGarbage,
];

/**
 * Runs what the controller manager does in a real cluster, after each change and in its order: default accounts,
 * namespace deletion, garbage collection, role aggregation, CustomResourceDefinition conditions. Answers how to stop.
 */
export function runControllers(cluster: Cluster): () => void {
  const queue: Change[] = [];
  let running = false;
  let stopped = false;
  const drain = async (): Promise<void> => {
    running = true;
    for (let change = queue.shift(); change !== undefined && !stopped; change = queue.shift()) {
      for (const controller of controllers) await controller(cluster, change);
    }
    running = false;
  };
  const unsubscribe = cluster.store.subscribe((change) => {
    queue.push(change);
    if (!running) {
      running = true;
      setImmediate(() => void drain());
    }
  });
  return () => {
    stopped = true;
    unsubscribe();
  };
}
