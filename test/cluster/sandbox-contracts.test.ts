import { readFile } from 'node:fs/promises';
import { describe } from 'vitest';
import { apiServerContract } from '../../packages/sandbox/test/cluster/contract.ts';
import { describeScenarios } from '../../packages/sandbox/test/openclaw/scenarios-contract.ts';
import { startRealApiServer, whyNoApiServer } from './api-server.ts';

const why = whyNoApiServer();
if (why !== undefined) console.warn(`skipped: the sandbox's contracts on a real API server. ${why}`);

describe.skipIf(why !== undefined)(
  `what the sandbox keeps, a real API server keeps too${why === undefined ? '' : ` (skipped: ${why})`}`,
  () => {
    describe('its API', () => {
      apiServerContract(async () => {
        const server = await startRealApiServer({ controllers: ['*'], accountAdmission: true });
        return { kubeconfig: await readFile(server.kubeconfig, 'utf8'), close: server.close };
      });
    });

    describe('its OpenClaw, without a controller manager', () => {
      describeScenarios(() => startRealApiServer());
    });

    describe('its OpenClaw, with a controller manager', () => {
      describeScenarios(() => startRealApiServer({ controllers: ['*'], accountAdmission: true }));
    });
  },
);
