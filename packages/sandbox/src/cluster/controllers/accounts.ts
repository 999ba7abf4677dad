import { randomUUID } from 'node:crypto';
import type { Cluster } from '../api/context.ts';
import { copy, type KubeObject, objectOr, same, textOr, timestamp } from '../storage/objects.ts';
import type { Change } from '../storage/store.ts';

/** Keeps in each namespace the ServiceAccount `default` and the ConfigMap `kube-root-ca.crt`, and fills token Secrets. */
export async function reconcileAccounts(cluster: Cluster, change: Change): Promise<void> {
  const { object } = change;
  if (change.key === '/namespaces' && change.type !== 'DELETED') provide(cluster, object.metadata.name);
  if (change.key === '/serviceaccounts' && change.type === 'DELETED')
    provide(cluster, object.metadata.namespace ?? '');
  if (change.key === '/configmaps' && object.metadata.name === 'kube-root-ca.crt')
    provide(cluster, object.metadata.namespace ?? '');
  if (change.key === '/secrets' && change.type === 'ADDED') await fillTokenSecret(cluster, object);
}

/** Makes what every namespace has, unless it is there or the namespace is going. */
export function provide(cluster: Cluster, namespace: string): void {
  const { store, caPem } = cluster;
  const owner = store.get('/namespaces', '', namespace);
  if (owner === undefined || owner.metadata.deletionTimestamp !== undefined) return;
  const made = (kind: string, name: string, more: object): KubeObject =>
    ({
      apiVersion: 'v1',
      kind,
      metadata: { name, namespace, uid: randomUUID(), creationTimestamp: timestamp(), resourceVersion: '' },
      ...more,
    }) as KubeObject;
  if (store.get('/serviceaccounts', namespace, 'default') === undefined)
    store.put('/serviceaccounts', made('ServiceAccount', 'default', {}));
  const data = { 'ca.crt': caPem };
  const present = store.get('/configmaps', namespace, 'kube-root-ca.crt');
  if (present === undefined) store.put('/configmaps', made('ConfigMap', 'kube-root-ca.crt', { data }));
  else if (!same(present.data, data)) store.put('/configmaps', { ...present, data });
}

async function fillTokenSecret(cluster: Cluster, secret: KubeObject): Promise<void> {
  if (secret.type !== 'kubernetes.io/service-account-token' || objectOr(secret.data).token !== undefined)
    return;
  const { namespace = '', name } = secret.metadata;
  const account = cluster.store.get(
    '/serviceaccounts',
    namespace,
    textOr(secret.metadata.annotations?.['kubernetes.io/service-account.name']),
  );
  if (account === undefined) return;
  const token = await cluster.tokens.signLegacy({
    namespace,
    name: account.metadata.name,
    uid: account.metadata.uid,
    secret: name,
  });
  const latest = cluster.store.get('/secrets', namespace, name);
  if (latest === undefined) return;
  const filled = copy(latest);
  const encoded = (text: string) => Buffer.from(text).toString('base64');
  filled.data = {
    ...objectOr(filled.data),
    token: encoded(token),
    namespace: encoded(namespace),
    'ca.crt': encoded(cluster.caPem),
  };
  filled.metadata.annotations = {
    ...filled.metadata.annotations,
    'kubernetes.io/service-account.uid': account.metadata.uid,
  };
  cluster.store.put('/secrets', filled);
}
