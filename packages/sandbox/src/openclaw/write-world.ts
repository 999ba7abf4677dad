import { createAuthority } from './certificates.ts';
import { isAbsent, type KubeClient, KubeError } from './client.ts';
import { type KubeObject, type Metadata, resourceOf, resources } from './resources.ts';
import { expiredToken, requestToken } from './token.ts';
import { type WorldOptions, workerAccount, worldContents, worldFoundation } from './world.ts';
import { SYSTEM_NAMESPACE } from './world-cluster-side.ts';
import { denyEgress, usedQuota } from './world-worker-side.ts';

/** Writes the world, broken as the scenarios say, over whatever is there. Repeating it is safe. */
export async function writeWorld(client: KubeClient, options: WorldOptions): Promise<void> {
  const authorities = Promise.all([createAuthority('openclaw-ca'), createAuthority('openclaw-ca')]);
  const { namespacesAndKinds, accounts, absent } = worldFoundation(options);
  await writeAll(client, namespacesAndKinds);
  await Promise.all([
    writeAll(client, accounts),
    removeWorkloads(client, options),
    ...absent.map((object) => client.remove(resourceOf(object), object)),
  ]);
  const account = workerAccount(options);
  const token = options.scenarios.includes('token-expired')
    ? await expiredToken(options.namespace, account, new Date())
    : await requestToken(client, options.namespace, account);
  const [ca, formerCa] = await authorities;
  const contents = await worldContents(options, { ca, formerCa, token });
  const runs = ({ kind }: KubeObject) => kind === 'Deployment';
  await writeAll(
    client,
    contents.filter((object) => !runs(object)),
  );
  await writeAll(client, contents.filter(runs));
}

/** Removes the objects that `writeWorld` makes, but for namespaces, which may hold other things. */
export async function wipeWorld(client: KubeClient, options: WorldOptions): Promise<void> {
  const healthy = { ...options, scenarios: [] };
  const nothing = { certificate: '', issue: async () => ({ certificate: '', key: '' }) };
  const { namespacesAndKinds, accounts } = worldFoundation(healthy);
  const contents = await worldContents(healthy, { ca: nothing, formerCa: nothing, token: '' });
  const added = [denyEgress(options.namespace), ...usedQuota(options.namespace)];
  const own = ({ kind, metadata }: KubeObject) => kind !== 'Namespace' && metadata.name !== 'default';
  await removeWorkloads(client, options);
  for (const object of [...added, ...contents.toReversed(), ...accounts, ...namespacesAndKinds].filter(own)) {
    await client.remove(resourceOf(object), object);
  }
}

/**
 * Takes away what ran in a former world. Its pods would otherwise outlive a scenario in which new ones do not become
 * ready, and finish the jobs that are to wait.
 */
async function removeWorkloads(client: KubeClient, { namespace, name }: WorldOptions): Promise<void> {
  await removeWorkload(client, namespace, name);
  await removeWorkload(client, SYSTEM_NAMESPACE, 'openclaw-controller');
  for (const resource of [resources.workers, resources.tasks]) {
    const { items } = await whenServed(() => client.list(resource, namespace));
    await Promise.all(items.map((object) => client.remove(resource, object)));
  }
}

async function removeWorkload(client: KubeClient, namespace: string, app: string): Promise<void> {
  const found = await client.remove(resources.deployments, { metadata: { namespace, name: app } });
  if (!found) return;
  for (const resource of [resources.replicaSets, resources.pods]) {
    const { items } = await client.list(resource, namespace);
    const own = items.filter(({ metadata }) => metadata.labels?.app === app);
    await Promise.all(own.map((object) => client.remove(resource, object, { gracePeriodSeconds: 0 })));
  }
}

async function writeAll(client: KubeClient, objects: readonly KubeObject[]): Promise<void> {
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace');
  const others = objects.filter(({ kind }) => kind !== 'Namespace');
  await Promise.all(namespaces.map((object) => write(client, object)));
  await Promise.all(others.map((object) => write(client, object)));
}

async function write(client: KubeClient, object: KubeObject): Promise<void> {
  const resource = resourceOf(object);
  try {
    await whenServed(() => client.create(resource, object));
  } catch (error) {
    if (!(error instanceof KubeError) || error.code !== 409) throw error;
    if (resource === resources.serviceAccounts || resource === resources.namespaces) return;
    await replace(client, object);
  }
}

async function replace(client: KubeClient, wanted: KubeObject): Promise<void> {
  const resource = resourceOf(wanted);
  const { namespace, name } = wanted.metadata;
  const current = await client.get(resource, namespace, name);
  try {
    // A job that was done in a former life of this world has to wait again.
    if (current === undefined || resource === resources.jobs)
      throw new KubeError(422, 'Gone', `${name} is gone`);
    await client.replace(resource, {
      ...wanted,
      metadata: mergedMetadata(current.metadata, wanted.metadata),
    });
  } catch (error) {
    // A role's reference, a Secret's type and a selector cannot change: such an object is made anew.
    if (!(error instanceof KubeError) || error.code !== 422) throw error;
    await client.remove(resource, wanted);
    await client.create(resource, wanted);
  }
}

function mergedMetadata(current: Metadata, wanted: Metadata): Metadata {
  const { managedFields: _, ...kept } = current;
  return { ...kept, labels: { ...current.labels, ...wanted.labels } };
}

/** Tries again while a kind that was only just defined is not served yet. */
async function whenServed<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isAbsent(error) || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
