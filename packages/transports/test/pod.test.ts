import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiServer, startApiServer, startSandbox } from '@claw-run/sandbox';
import { describePodContract } from '@claw-run/testing';
import { afterAll, beforeAll } from 'vitest';
import { podsOfSandbox } from './pod-subject.ts';

let server: ApiServer;
let sandbox: Awaited<ReturnType<typeof startSandbox>>;
let folder: string;
const file = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claw-run-pod-'));
  server = await startApiServer();
  await writeFile(file('admin'), server.kubeconfig, { mode: 0o600 });
  await writeFile(file('nobody'), server.kubeconfigFor({ name: 'nobody' }), { mode: 0o600 });
  sandbox = await startSandbox({
    scenarios: ['healthy'],
    kubeconfig: file('admin'),
    controllers: 'own',
    execFor: server.caPem,
    openclaw: ['true'],
  });
});

afterAll(async () => {
  await sandbox?.close();
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

describePodContract({
  ...podsOfSandbox,
  admin: () => file('admin'),
  nobody: () => ({ kubeconfig: file('nobody'), user: 'nobody' }),
});
