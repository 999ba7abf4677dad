import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiServer, startApiServer } from '@claw-run/sandbox';
import { afterAll, beforeAll } from 'vitest';

/** Registers hooks that start an API server for a test file; gives where its kubeconfig is from then on. */
export function useServer(): () => string {
  let folder = '';
  let server: ApiServer | undefined;
  const kubeconfig = () => join(folder, 'kubeconfig');
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claw-run-kubernetes-'));
    server = await startApiServer();
    await writeFile(kubeconfig(), server.kubeconfig, { mode: 0o600 });
  });
  afterAll(async () => {
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });
  return kubeconfig;
}
