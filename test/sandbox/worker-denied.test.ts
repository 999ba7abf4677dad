import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Scenario, scenarios, startApiServer } from '@claw-run/sandbox';
import { describeWorkerDenied } from '../cluster/support/worker-denied-contract.ts';

const names = scenarios.map((one) => (typeof one === 'string' ? one : one.name)) as readonly Scenario[];
const broken = names.filter((name) => name !== 'healthy');
const pairs = broken.flatMap((one, index) => broken.slice(index + 1).map((other) => [one, other] as const));

describeWorkerDenied(startOwnServer, [['healthy'], ...broken.map((name) => [name]), ...pairs, broken]);

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
