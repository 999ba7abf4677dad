import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describeClusterContract } from '@claw-run/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectCluster } from '../src/index.ts';
import { calm, startTestServer, type TestServer } from './api-server.ts';

let server: TestServer;
let other: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  other = await startTestServer();
});
afterAll(async () => {
  await server.close();
  await other.close();
});

const read = { read: 'get', ref: { apiVersion: 'v1', kind: 'Namespace', name: 'default' } } as const;

describeClusterContract({
  admin: () => server.connect(),
  nobody: () => server.connect(server.api.kubeconfigFor({ name: 'nobody' })),
  stranger: () => server.connect(server.api.kubeconfig.replace(/token: .*/, 'token: unknown-to-all')),
});

it('a server that is not there is named, with the next move', async () => {
  const port = await closedPort();
  const cluster = await server.connect(
    server.api.kubeconfig.replace(server.api.url, `https://127.0.0.1:${port}`),
  );
  const signal = AbortSignal.timeout(60_000);
  await expect(cluster.read(read, { signal })).rejects.toMatchObject({
    code: 'unreachable',
    message: `the API server https://127.0.0.1:${port} cannot be reached: connect ECONNREFUSED 127.0.0.1:${port}`,
    hint: 'check the server of the current kubeconfig context, and that it is up',
    retryable: true,
  });
});

it('a server whose certificate another CA signed is not trusted, and the message says so', async () => {
  const kubeconfig = server.api.kubeconfig.replace(
    Buffer.from(server.api.caPem).toString('base64'),
    Buffer.from(other.api.caPem).toString('base64'),
  );
  const cluster = await server.connect(kubeconfig);
  await expect(cluster.read(read, calm())).rejects.toMatchObject({
    code: 'unreachable',
    hint: 'its certificate is not signed by the CA of the kubeconfig; check `certificate-authority-data`',
    retryable: false,
  });
});

it('a kubeconfig that cannot be read, or lacks the context, is told at once', async () => {
  const userAgent = 'claw-run/test';
  await expect(connectCluster({ kubeconfig: '/no/such/file', userAgent })).rejects.toMatchObject({
    code: 'target-unbound',
  });
  await expect(server.connect('clusters: [')).rejects.toMatchObject({ code: 'target-unbound' });
  await expect(server.connect('apiVersion: v1\nkind: Config\n')).rejects.toMatchObject({
    code: 'target-unbound',
  });
});

it('the Lease of a run is shared by its connections to the same cluster, and lost for all of them at once', async () => {
  const [one, two, other] = await Promise.all([server.connect(), server.connect(), server.connect()]);
  const holder = (run: string) => ({ run, runbook: 'test', who: 'tester@host' });
  const create = (name: string) =>
    ({
      do: 'create',
      object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } },
    }) as const;
  const key = { key: 'run/step/0', ...calm() };
  const first = await one.lock(holder('one'), calm());
  const second = await two.lock(holder('one'), { ...calm(), beside: [first] });
  await one.perform(create('shared-1'), key);
  await two.perform(create('shared-2'), key);
  await one.perform(create('shared-3'), key);
  const theirs = await other.lock(holder('two'), { ...calm(), force: true });
  for (const each of [one, two])
    await expect(each.perform(create('shared-4'), key)).rejects.toMatchObject({ code: 'lock-lost' });
  await Promise.all([first.release(), second.release()]);
  await other.perform(create('shared-5'), key);
  await theirs.release();
  await (await one.lock(holder('three'), calm())).release();
});

async function closedPort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  await once(listener.close(), 'close');
  return port;
}
