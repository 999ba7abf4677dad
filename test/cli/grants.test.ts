import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterObject } from '@claw-run/core';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { fixtures, makePlace, normal } from './support/claw-run.ts';
import { useCluster } from './support/cluster.ts';

const cluster = useCluster();

test('missing rights are printed as manifests that grant just them; once granted, the run goes through', async () => {
  const { run, folder } = await makePlace({ GREETING_PASSWORD: 'correct-horse', KUBECONFIG: 'limited' });
  const user = await limitedUser(join(folder, 'limited'));
  const args = [join(fixtures, 'greeting.yaml'), '--yes', '-e', 'namespace=granted'];
  await create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'granted' } });
  const texts: string[] = [];
  let last = await run(args);
  for (let round = 0; round < 3 && last.exit === 3; round += 1) {
    const yaml = last.stdout.slice(last.stdout.indexOf('apiVersion:')).split('\n\n')[0] ?? '';
    texts.push(normal(last.stdout));
    for (const document of parseAllDocuments(yaml.replaceAll('name: USER', `name: ${user}`))) {
      await create(document.toJS() as ClusterObject);
    }
    last = await run(args);
  }
  expect(last.stdout).toContain('Fixed and verified');
  expect(texts).toMatchInlineSnapshot(`
    [
      "The namespace does not greet
    greeting on cluster sandbox

    Causes
      ? Nothing is said (unknown)
        cannot read ConfigMap granted/greeting: configmaps "greeting" is forbidden: User
        "system:serviceaccount:default:limited" cannot get resource "configmaps" in API group "" in the
        namespace "granted"

    Missing rights
      get configmaps/greeting in granted
      get namespaces/granted (cluster-wide)
      get secrets/door in granted

    An administrator grants them by filling in USER and passing this to \`kubectl apply -f -\`:

    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: claw-run-42607736
      namespace: "granted"
    rules:
    - apiGroups: [""]
      resources: ["configmaps"]
      resourceNames: ["greeting"]
      verbs: ["get"]
    - apiGroups: [""]
      resources: ["secrets"]
      resourceNames: ["door"]
      verbs: ["get"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: claw-run-42607736
      namespace: "granted"
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: claw-run-42607736
    subjects:
    - apiGroup: rbac.authorization.k8s.io
      kind: User
      name: USER # who runs claw-run, as \`kubectl auth whoami\` tells it
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRole
    metadata:
      name: claw-run-ab45b81b
    rules:
    - apiGroups: [""]
      resources: ["namespaces"]
      resourceNames: ["granted"]
      verbs: ["get"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRoleBinding
    metadata:
      name: claw-run-ab45b81b
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: ClusterRole
      name: claw-run-ab45b81b
    subjects:
    - apiGroup: rbac.authorization.k8s.io
      kind: User
      name: USER # who runs claw-run, as \`kubectl auth whoami\` tells it

    ✗ Refused before the first change; nothing was touched
      cannot read ConfigMap granted/greeting: configmaps "greeting" is forbidden: User
      "system:serviceaccount:default:limited" cannot get resource "configmaps" in API group "" in the
      namespace "granted"
      ask for the right, or use a context that has it
    ",
      "The namespace does not greet
    greeting on cluster sandbox

    Causes
      ✗ Nothing is said
        there is no text of ConfigMap granted/greeting

    Plan: 2 changes
      1. Say the words
         ~ ConfigMap granted/greeting text
             exists: false → true
             + values.text: hello
      2. Keep the door
         ~ Secret granted/door password
             exists: false → true
             values.password: ‹secret› set
      1 with no change needed, 1 not needed (-v tells which)

    Missing rights
      create configmaps in granted
      create secrets in granted
      delete configmaps/greeting in granted
      delete secrets/door in granted
      create leases.coordination.k8s.io in default
      get leases.coordination.k8s.io/claw-run in default
      update leases.coordination.k8s.io/claw-run in default
      delete leases.coordination.k8s.io/claw-run in default

    An administrator grants them by filling in USER and passing this to \`kubectl apply -f -\`:

    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: claw-run-da8f522b
      namespace: "granted"
    rules:
    - apiGroups: [""]
      resources: ["configmaps"]
      verbs: ["create"]
    - apiGroups: [""]
      resources: ["secrets"]
      verbs: ["create"]
    - apiGroups: [""]
      resources: ["configmaps"]
      resourceNames: ["greeting"]
      verbs: ["delete"]
    - apiGroups: [""]
      resources: ["secrets"]
      resourceNames: ["door"]
      verbs: ["delete"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: claw-run-da8f522b
      namespace: "granted"
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: claw-run-da8f522b
    subjects:
    - apiGroup: rbac.authorization.k8s.io
      kind: User
      name: USER # who runs claw-run, as \`kubectl auth whoami\` tells it
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: claw-run-92c13c24
      namespace: "default"
    rules:
    - apiGroups: ["coordination.k8s.io"]
      resources: ["leases"]
      verbs: ["create"]
    - apiGroups: ["coordination.k8s.io"]
      resources: ["leases"]
      resourceNames: ["claw-run"]
      verbs: ["get", "update", "delete"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: claw-run-92c13c24
      namespace: "default"
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: claw-run-92c13c24
    subjects:
    - apiGroup: rbac.authorization.k8s.io
      kind: User
      name: USER # who runs claw-run, as \`kubectl auth whoami\` tells it

    ✗ Refused before the first change; nothing was touched
      8 rights are missing for what is planned
      grant what is printed, then run again
    ",
    ]
  `);
});

/** A service account without rights, and its kubeconfig. */
async function limitedUser(path: string): Promise<string> {
  const metadata = { name: 'limited', namespace: 'default' };
  await create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata });
  await create({ apiVersion: 'v1', kind: 'Secret', metadata: { ...metadata, name: 'limited-token' } });
  const signal = new AbortController().signal;
  await cluster.perform(
    {
      do: 'issue-token',
      account: metadata,
      audiences: [],
      expirationSeconds: 3600,
      into: { namespace: 'default', secret: 'limited-token', key: 'token' },
    },
    { key: 'test', signal },
  );
  const secret = (await cluster.get('Secret', 'limited-token', 'default')) as {
    data: { token: { reveal(): string } | string };
  };
  const { token } = secret.data;
  const config = parse(await readFile(cluster.kubeconfig, 'utf8')) as { users: { user: object }[] };
  const plainToken = Buffer.from(typeof token === 'string' ? token : token.reveal(), 'base64').toString(
    'utf8',
  );
  for (const each of config.users) each.user = { token: plainToken };
  await writeFile(path, stringify(config), { mode: 0o600 });
  return 'system:serviceaccount:default:limited';
}

async function create(object: ClusterObject): Promise<void> {
  await cluster.perform({ do: 'create', object }, { key: 'test', signal: new AbortController().signal });
}
