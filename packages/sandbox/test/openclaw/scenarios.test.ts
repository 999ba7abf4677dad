import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApiServer } from '../../src/cluster/index.ts';
import { describeScenarios } from './scenarios-contract.ts';

describeScenarios(async () => {
  const server = await startApiServer();
  const folder = await mkdtemp(join(tmpdir(), 'openclaw-scenarios-'));
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, server.kubeconfig);
  return {
    kubeconfig,
    controllers: 'own',
    async close() {
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
});
