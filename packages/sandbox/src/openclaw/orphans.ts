import { type Context, NODE_NAME } from './context.ts';
import { controllerOf } from './replica-sets.ts';
import { type KubeObject, type Resource, resources } from './resources.ts';

/** Deletes what lost its owner, as the garbage collector would; the owner's absence is asked for, not assumed. */
export async function collectOrphans({ client, caches }: Context): Promise<void> {
  const sweep = async (
    objects: readonly KubeObject[],
    resource: Resource,
    owners: Resource,
    known: Set<string>,
  ) => {
    for (const object of objects) {
      const owner = controllerOf(object);
      if (owner === undefined || owner.kind !== owners.kind || known.has(owner.uid)) continue;
      if (object.metadata.deletionTimestamp !== undefined) continue;
      const found = await client.get(owners, object.metadata.namespace, owner.name);
      if (found?.metadata.uid !== owner.uid) await client.remove(resource, object);
    }
  };
  const uids = (objects: readonly KubeObject[]) => new Set(objects.map(({ metadata }) => metadata.uid ?? ''));
  const sets = caches.replicaSets.all();
  const pods = caches.pods.all().filter(({ spec }) => spec.nodeName === NODE_NAME);
  await sweep(sets, resources.replicaSets, resources.deployments, uids(caches.deployments.all()));
  await sweep(pods, resources.pods, resources.replicaSets, uids(sets));
}
