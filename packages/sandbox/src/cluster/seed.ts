import { randomUUID } from 'node:crypto';
import { bootstrapPolicy } from './access/bootstrap.ts';
import type { Cluster } from './api/context.ts';
import { provide } from './controllers/accounts.ts';
import { applyDefaults } from './kinds/defaults.ts';
import { groupOf, storeKey } from './kinds/resource.ts';
import { copy, type JsonObject, type KubeObject, textOr, timestamp } from './storage/objects.ts';

const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Stores what every cluster has from its start: its namespaces, their accounts, and the bootstrap policy. */
export function seed(cluster: Cluster): void {
  for (const name of namespaces) {
    put(cluster, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
      spec: { finalizers: ['kubernetes'] },
    });
    provide(cluster, name);
  }
  for (const object of bootstrapPolicy) put(cluster, object);
}

function put({ store, registry }: Cluster, given: JsonObject): void {
  const object = copy(given) as KubeObject;
  const resource = registry.ofKind(groupOf(object.apiVersion), textOr(object.kind));
  if (resource === undefined) throw new Error(`${object.kind} is not a built-in kind`);
  Object.assign(object.metadata, { uid: randomUUID(), creationTimestamp: timestamp() });
  applyDefaults(storeKey(resource), object);
  store.put(storeKey(resource), object);
}
