import { describe } from 'vitest';
import { startRealApiServer, whyNoApiServer } from './api-server.ts';
import { describeClusterRelated } from './support/cluster-related-contract.ts';

const why = whyNoApiServer();
if (why !== undefined) console.warn(`skipped: the related errors of workers on a real API server. ${why}`);

describe.skipIf(why !== undefined)(
  `the related errors of workers on a real API server${why === undefined ? '' : ` (skipped: ${why})`}`,
  () => {
    describe('without a controller manager', () => {
      describeClusterRelated(() => startRealApiServer());
    });

    describe('with a controller manager', () => {
      describeClusterRelated(() => startRealApiServer({ controllers: ['*'] }));
    });
  },
);
