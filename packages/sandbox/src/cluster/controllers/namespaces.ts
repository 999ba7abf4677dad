import type { Cluster } from '../api/context.ts';
import { beginDeletion } from '../api/delete.ts';
import { isFinished } from '../api/finalizers.ts';
import { copy, ensureObject } from '../storage/objects.ts';
import type { Change } from '../storage/store.ts';

/** Empties a namespace that is being deleted and lets it go once nothing is left in it. */
export function emptyNamespace({ store, registry }: Cluster, change: Change): void {
  const name =
    change.key === '/namespaces' ? change.object.metadata.name : (change.object.metadata.namespace ?? '');
  const namespace = store.get('/namespaces', '', name);
  if (namespace?.metadata.deletionTimestamp === undefined) return;
  for (const key of store.keys()) {
    const resource = registry.preferred(key);
    if (resource === undefined) continue;
    for (const object of store.list(key, name)) {
      if (object.metadata.deletionTimestamp === undefined)
        beginDeletion(store, resource, object, { propagation: 'Background', dryRun: false });
    }
  }
  const left = store.keys().some((key) => store.list(key, name).length > 0);
  const latest = store.get('/namespaces', '', name);
  if (left || latest === undefined) return;
  const emptied = copy(latest);
  delete ensureObject(emptied, 'spec').finalizers;
  if (isFinished(emptied)) store.remove('/namespaces', emptied);
  else if (ensureObject(latest, 'spec').finalizers !== undefined) store.put('/namespaces', emptied);
}
