import { type Sandbox, startSandbox } from '@claw-run/sandbox';
import { describePodContract } from '@claw-run/testing';
import { afterAll, beforeAll, describe } from 'vitest';
import { podsOfSandbox } from '../../packages/transports/test/pod-subject.ts';
import { type RealApiServer, startRealApiServer, whyNoApiServer } from './api-server.ts';

const why = whyNoApiServer();
if (why !== undefined) console.warn(`skipped: containers as hosts by way of a real API server. ${why}`);

describe.skipIf(why !== undefined)(
  `containers as hosts by way of a real API server${why === undefined ? '' : ` (skipped: ${why})`}`,
  () => {
    let server: RealApiServer | undefined;
    let sandbox: Sandbox | undefined;
    beforeAll(async () => {
      server = await startRealApiServer();
      sandbox = await startSandbox({
        scenarios: ['healthy'],
        kubeconfig: server.kubeconfig,
        controllers: 'own',
        execFor: server.kubeletClientCa,
        openclaw: ['true'],
      });
    });
    afterAll(async () => {
      await sandbox?.close();
      await server?.close();
    });

    describePodContract({
      ...podsOfSandbox,
      admin: () => server?.kubeconfig ?? '',
      nobody: () => ({ kubeconfig: server?.nobody ?? '', user: 'nobody' }),
    });
  },
);
