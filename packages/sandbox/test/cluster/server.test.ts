import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createServingCertificate } from '../../src/cluster/certificates.ts';
import { type ApiServer, startApiServer } from '../../src/cluster/index.ts';
import { type Client, connect, known } from './client.ts';

let folder: string;
let server: ApiServer;
let client: Client;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-cluster-'));
  server = await startApiServer({ auditLog: join(folder, 'audit.log') });
  client = connect(server.kubeconfig);
  await client.until('/api/v1/namespaces/default/serviceaccounts/default', (reply) => reply.code === 200);
});

afterAll(async () => {
  client.close();
  await server.close();
  await rm(folder, { recursive: true });
});

it('a log comes from the kubelet of the pod, with the query and what it answers', async () => {
  const { certPem, keyPem } = await createServingCertificate();
  const asked: string[] = [];
  const kubelet = createServer({ cert: certPem, key: keyPem }, (incoming, response) => {
    asked.push(incoming.url ?? '');
    const previous = (incoming.url ?? '').includes('previous');
    response
      .writeHead(previous ? 400 : 200)
      .end(previous ? 'previous terminated container not found' : 'hello\n');
  });
  await new Promise<void>((resolve) => kubelet.listen(0, '127.0.0.1', resolve));
  const Port = (kubelet.address() as AddressInfo).port;
  try {
    await client.ask('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } });
    const status = {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port } },
    };
    await client.ask('PATCH', '/api/v1/nodes/n/status', { status }, { type: 'application/merge-patch+json' });
    const spec = { nodeName: 'n', containers: [{ name: 'main', image: 'i' }] };
    await client.ask('POST', '/api/v1/namespaces/default/pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec,
    });
    const path = '/api/v1/namespaces/default/pods/p/log';
    expect((await client.ask('GET', `${path}?tailLines=5&follow=true`)).text).toBe('hello\n');
    expect((await client.ask('GET', `${path}?previous=true`)).body).toMatchObject({
      code: 400,
      message: 'previous terminated container not found',
    });
    expect((await client.ask('GET', `${path}?container=other`)).body).toMatchObject({
      code: 400,
      message: 'container other is not valid for pod p',
    });
    expect(asked).toEqual([
      '/containerLogs/default/p/main?follow=true&tailLines=5',
      '/containerLogs/default/p/main?previous=true',
    ]);
  } finally {
    await new Promise((resolve) => kubelet.close(resolve));
  }
});

it('a user has the rights of their name and groups', async () => {
  const erin = connect(server.kubeconfigFor({ name: 'erin', groups: ['readers'] }));
  const subjects = [{ kind: 'Group', name: 'readers', apiGroup: 'rbac.authorization.k8s.io' }];
  const roleRef = { kind: 'ClusterRole', name: 'view', apiGroup: 'rbac.authorization.k8s.io' };
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'readers' },
    roleRef,
    subjects,
  };
  expect((await erin.ask('GET', '/api/v1/configmaps')).code).toBe(403);
  await client.ask('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', binding);
  expect((await erin.ask('GET', '/api/v1/configmaps')).code).toBe(200);
  expect((await erin.ask('GET', '/api/v1/secrets')).code).toBe(403);
  const forbidden = await erin.ask('GET', '/api', undefined, { as: 'root' });
  expect(forbidden.body.message).toBe(
    'users "root" is forbidden: User "erin" cannot impersonate resource "users" in API group "" at the cluster scope',
  );
  erin.close();
});

it('a token of the past is signed as told and does not hold', async () => {
  const account = await client.ask('GET', '/api/v1/namespaces/default/serviceaccounts/default');
  const uid = known<string>(account.body.metadata?.uid);
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    namespace: 'default',
    name: 'default',
    uid,
    audiences: ['openclaw'],
    issuedAt: now - 7200,
  };
  const review = async (expiresAt: number) => {
    const token = await server.signToken({ ...claims, expiresAt });
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, audiences: ['openclaw'] },
    };
    return (await client.ask('POST', '/apis/authentication.k8s.io/v1/tokenreviews', body)).body.status;
  };
  expect(await review(now + 60)).toMatchObject({ authenticated: true });
  expect(await review(now - 60)).toMatchObject({ user: {}, error: expect.stringContaining('exp') });
});

it('kubectl sends some objects as protobuf', async () => {
  const body =
    '6b3873000a0f0a0276311209436f6e6669674d6170121b0a110a01611200 1a002200 2a0032003800420012060a01781201311a002200'.replaceAll(
      ' ',
      '',
    );
  const made = await client.ask(
    'POST',
    '/api/v1/namespaces/default/configmaps',
    Buffer.from(body, 'hex').toString('latin1'),
    { type: 'application/vnd.kubernetes.protobuf' },
  );
  expect([made.code, made.body.metadata?.name, made.body.data]).toEqual([201, 'a', { x: '1' }]);
  const broken = await client.ask('POST', '/api/v1/namespaces/default/configmaps', 'k8s', {
    type: 'application/vnd.kubernetes.protobuf',
  });
  expect(broken.code).toBe(400);
});

it('a table has the columns of its kind', async () => {
  const table = await client.ask('GET', '/api/v1/namespaces', undefined, {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  });
  const { columnDefinitions, rows } = known<{
    columnDefinitions: { name: string }[];
    rows: { cells: unknown[] }[];
  }>(table.body);
  expect(columnDefinitions.map((column) => column.name)).toEqual(['Name', 'Status', 'Age']);
  expect(rows[0]?.cells.slice(0, 2)).toEqual(['default', 'Active']);
});

it('a body over three mebibytes is a 413', async () => {
  const refused = await client.ask(
    'POST',
    '/api/v1/namespaces/default/configmaps',
    'x'.repeat(3 * 1024 * 1024 + 1),
  );
  expect(refused.body).toMatchObject({ code: 413, reason: 'RequestEntityTooLarge' });
});

it('an evicted pod is deleted', async () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'evicted' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  };
  await client.ask('POST', '/api/v1/namespaces/default/pods', pod);
  for (const [version, code] of [
    ['v1', 201],
    ['v1beta1', 404],
  ] as const) {
    const eviction = {
      apiVersion: `policy/${version}`,
      kind: 'Eviction',
      metadata: { name: 'evicted', namespace: 'default' },
    };
    expect(
      (await client.ask('POST', '/api/v1/namespaces/default/pods/evicted/eviction', eviction)).code,
    ).toBe(code);
  }
});

it('every request is audited', async () => {
  await client.ask('GET', '/api/v1/namespaces/default/pods/none');
  const lines = async () =>
    (await readFile(join(folder, 'audit.log'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const wanted = {
    verb: 'get',
    requestURI: '/api/v1/namespaces/default/pods/none',
    userAgent: 'contract/1.0',
    user: { username: 'sandbox-admin' },
    objectRef: { resource: 'pods', namespace: 'default', name: 'none', apiVersion: 'v1' },
    responseStatus: { code: 404 },
  };
  await expect.poll(async () => (await lines()).at(-1)).toMatchObject(wanted);
});
