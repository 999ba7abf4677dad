import { type ClusterObject, type Connection, stableStringify } from '@claw-run/core';

const kinds: readonly (readonly [string, string])[] = [
  ['v1', 'Namespace'],
  ['v1', 'ServiceAccount'],
  ['v1', 'ConfigMap'],
  ['v1', 'Secret'],
  ['v1', 'Service'],
  ['v1', 'ResourceQuota'],
  ['networking.k8s.io/v1', 'NetworkPolicy'],
  ['apps/v1', 'Deployment'],
  ['rbac.authorization.k8s.io/v1', 'Role'],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding'],
  ['coordination.k8s.io/v1', 'Lease'],
  ['openclaw.io/v1', 'Job'],
];

/** What the server and its controllers keep for themselves. */
const volatile = new Set(['resourceVersion', 'generation', 'managedFields', 'creationTimestamp', 'selfLink']);

/** Every object that a run may touch, by name, without what any write changes. */
export async function snapshot(connection: Connection<'cluster'>): Promise<ReadonlyMap<string, string>> {
  const signal = AbortSignal.timeout(30_000);
  const lists = await Promise.all(
    kinds.map(
      async ([apiVersion, kind]) =>
        (await connection.read({ read: 'list', apiVersion, kind }, { signal })) as readonly ClusterObject[],
    ),
  );
  const objects = lists.flat().filter((object) => !isBookkeeping(object));
  return new Map(
    objects.map((object) => [
      `${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`,
      normal(object),
    ]),
  );
}

function normal(object: ClusterObject): string {
  // a token controller adds its secrets to accounts in its own time
  const { status: _, secrets: _added, ...rest } = object;
  const metadata = Object.fromEntries(Object.entries(object.metadata).filter(([key]) => !volatile.has(key)));
  const annotations = { ...object.metadata.annotations };
  // the deployment controller counts roll-outs, back as well as forth
  delete annotations['deployment.kubernetes.io/revision'];
  return stableStringify({ ...rest, metadata: { ...metadata, annotations } });
}

/** Leases that their holders renew, and what a server and its controllers make for themselves while they come up. */
function isBookkeeping({ kind, type, metadata: { name, namespace = '', labels } }: ClusterObject): boolean {
  if (type === 'kubernetes.io/service-account-token') return true;
  if (kind === 'Lease') return name !== 'claw-run';
  const own = /^(default|kube-.*)$/;
  return (
    own.test(namespace) ||
    (kind === 'Namespace' && own.test(name)) ||
    name === 'kube-root-ca.crt' ||
    labels?.['kubernetes.io/bootstrapping'] !== undefined
  );
}
