import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApiServer } from '@claw-run/sandbox';
import type { Server } from '../cluster/support/worker-denied-contract.ts';

/** The sandbox's API server, as a cluster that somebody else runs. */
export async function startOwnServer(): Promise<Server> {
  const server = await startApiServer();
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-own-'));
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, server.kubeconfig, { mode: 0o600 });
  return {
    kubeconfig,
    async close() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
