import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApiServer, startSandbox } from '@claw-run/sandbox';
import { until } from '@claw-run/testing';
import { connectCluster } from '@claw-run/transports';

/** A sandbox's API server with one pod, `default/web-0`. */
export interface PodPlace {
  /** The path of a user's kubeconfig. */
  readonly kubeconfig: (user: 'admin' | 'nobody') => string;
  readonly close: () => Promise<void>;
}

/** Starts a pod with the containers `main` and `log`. What runs in them are processes of this machine, which see its files. */
export async function startPod(): Promise<PodPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-cli-pod-'));
  const kubeconfig = (user: 'admin' | 'nobody') => join(folder, user);
  const server = await startApiServer();
  await writeFile(kubeconfig('admin'), server.kubeconfig, { mode: 0o600 });
  await writeFile(kubeconfig('nobody'), server.kubeconfigFor({ name: 'nobody' }), { mode: 0o600 });
  const sandbox = await startSandbox({
    scenarios: ['healthy'],
    kubeconfig: kubeconfig('admin'),
    controllers: 'own',
    execFor: server.caPem,
    openclaw: ['true'],
  });
  const cluster = await connectCluster({ kubeconfig: kubeconfig('admin'), userAgent: 'test' });
  const close = async () => {
    await cluster.close();
    await sandbox.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  };
  const signal = AbortSignal.timeout(60_000);
  const ref = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'web-0' };
  const spec = { containers: ['main', 'log'].map((name) => ({ name, image: 'web:1' })) };
  const metadata = { namespace: 'default', name: 'web-0' };
  const object = { apiVersion: 'v1', kind: 'Pod', metadata, spec };
  await cluster.perform({ do: 'create', object }, { key: 'test', signal });
  await until('the pod runs', async () =>
    JSON.stringify(await cluster.read({ read: 'get', ref }, { signal })).includes('"phase":"Running"'),
  );
  return { kubeconfig, close };
}
