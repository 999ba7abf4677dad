import { readFileSync } from 'node:fs';
import { describe } from 'vitest';
import { type BenchServer, useBench } from '../../packages/engine/test/support/bench.ts';
import { describeGrants, users } from '../../packages/engine/test/support/grant-contract.ts';
import { startRealApiServer, whyNoApiServer } from './api-server.ts';

const why = whyNoApiServer();
if (why !== undefined) console.warn(`skipped: rights on a real API server. ${why}`);

async function start(): Promise<BenchServer> {
  const { kubeconfig, kubeconfigFor, close } = await startRealApiServer({ users });
  return {
    kubeconfig: readFileSync(kubeconfig, 'utf8'),
    kubeconfigFor: ({ name }) => readFileSync(kubeconfigFor(name), 'utf8'),
    close,
  };
}

describe.skipIf(why !== undefined)(
  `on a real API server${why === undefined ? '' : ` (skipped: ${why})`}`,
  () => {
    describeGrants(useBench(start));
  },
);
