import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scenariosOf, startApiServer } from '@claw-run/sandbox';
import { describeWorkerDenied } from '../cluster/support/worker-denied-contract.ts';

const broken = scenariosOf('worker-denied');

describeWorkerDenied(startOwnServer, [['healthy'], ...broken.map((name) => [name]), broken]);

async function startOwnServer() {
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
