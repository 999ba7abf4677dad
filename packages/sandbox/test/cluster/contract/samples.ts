import { randomBytes } from 'node:crypto';
import type { Client, Reply } from '../client.ts';
import type { Server } from '../contract.ts';

/** Runs with a namespace of its own: `at` is its path, `/namespaces/NAME`. The namespace is deleted after. */
export async function inNamespace(
  server: Server,
  run: (client: Client, at: string, name: string) => Promise<void>,
): Promise<void> {
  const { client } = server;
  const name = `contract-${randomBytes(4).toString('hex')}`;
  const made = await client.ask('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  });
  if (made.code !== 201) throw new Error(made.text);
  try {
    await run(client, `/namespaces/${name}`, name);
  } finally {
    await client.ask('DELETE', `/api/v1/namespaces/${name}`);
  }
}

/** A ConfigMap. */
export function configMap(name: string, data: Readonly<Record<string, string>>) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}

/** A Deployment with one container, `app=NAME`. */
export function deployment(name: string, container: object = {}) {
  const labels = { app: name };
  const containers = [{ name: 'main', image: 'example/main:1', ...container }];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  };
}

/** Creates a pod, as soon as the namespace has the account that it runs as. */
export async function createPod(client: Client, at: string, pod: object): Promise<Reply> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const made = await client.ask('POST', `/api/v1${at}/pods`, pod);
    if (made.code === 201 || Date.now() > deadline) return made;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** A Role that allows to read pods. */
export function role(
  name: string,
  rules: readonly object[] = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
) {
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name }, rules };
}

/** A RoleBinding of a Role to a user. */
export function roleBinding(name: string, roleName: string, user: string) {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name },
    roleRef: { kind: 'Role', name: roleName, apiGroup: 'rbac.authorization.k8s.io' },
    subjects: [{ kind: 'User', name: user, apiGroup: 'rbac.authorization.k8s.io' }],
  };
}

/** A copy without nulls, which servers write in different places. */
export function stampFree(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_key, item) => (item === null ? undefined : item)));
}
