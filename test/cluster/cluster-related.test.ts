import { sample } from '@claw-run/testing';
import { describe } from 'vitest';
import { startRealApiServer, whyNoApiServer } from './api-server.ts';
import { describeClusterRelated } from './support/cluster-related-contract.ts';

const why = whyNoApiServer();
if (why !== undefined) console.warn(`skipped: the related errors of workers on a real API server. ${why}`);

/** Whether Deployments make their pods by Kubernetes' own controllers or by the sandbox's: the seed says. */
const managers = sample([true, false], 1, { key: 'controller manager' });

describe.skipIf(why !== undefined)(
  `the related errors of workers on a real API server${why === undefined ? '' : ` (skipped: ${why})`}`,
  () => {
    for (const managed of managers) {
      describe(managed ? 'with a controller manager' : 'without a controller manager', () => {
        describeClusterRelated(() => startRealApiServer(managed ? { controllers: ['*'] } : {}));
      });
    }
  },
);
