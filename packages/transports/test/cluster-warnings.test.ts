import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectCluster, connectPod } from '../src/index.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claw-run-warnings-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function warningsOf(cluster: object) {
  const kubeconfig = join(folder, 'kubeconfig');
  const config = {
    clusters: [{ name: 'prod', cluster }],
    contexts: [{ name: 'prod', context: { cluster: 'prod', user: 'me' } }],
    users: [{ name: 'me', user: { token: 'x' } }],
    'current-context': 'prod',
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const userAgent = 'test/1';
  const connections = [
    await connectCluster({ kubeconfig, userAgent }),
    await connectPod({ kubeconfig, userAgent, namespace: 'a', pod: 'b' }),
  ];
  for (const connection of connections) await connection.close();
  const [one, other] = connections.map(({ warnings }) => warnings);
  expect(one).toEqual(other);
  return one;
}

test.each([
  [{ server: 'https://prod:6443' }, []],
  [
    { server: 'https://prod:6443', 'insecure-skip-tls-verify': true },
    [
      'the certificate of the cluster prod is not checked (insecure-skip-tls-verify): anybody in between can answer for it. Name its CA instead',
    ],
  ],
  [
    { server: 'http://prod:8080' },
    ['the cluster prod is spoken to without TLS (http://prod:8080): credentials and answers are in clear'],
  ],
])('of %j it is said what leaves it open', async (cluster, warnings) => {
  expect(await warningsOf(cluster)).toEqual(warnings);
});
