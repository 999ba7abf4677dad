import { scenariosOf } from '@claw-run/sandbox';
import { sample } from '@claw-run/testing';
import { describe } from 'vitest';
import { startRealApiServer, whyNoApiServer } from './api-server.ts';
import { describeWorkerDenied } from './support/worker-denied-contract.ts';

const why = whyNoApiServer();
if (why !== undefined) console.warn(`skipped: worker-denied on a real API server. ${why}`);

const broken = scenariosOf('worker-denied');
const singles = broken.map((name) => [name]);
const pairs = broken.flatMap((one, index) => broken.slice(index + 1).map((other) => [one, other]));
const somePairs = sample(pairs, 7, { key: 'pairs of worker-denied' });
const someSingles = sample(singles, 2, { key: 'causes of worker-denied with a controller manager' });

describe.skipIf(why !== undefined)(
  `worker-denied on a real API server${why === undefined ? '' : ` (skipped: ${why})`}`,
  () => {
    describe('without a controller manager', () => {
      describeWorkerDenied(() => startRealApiServer(), [['healthy'], ...singles, ...somePairs, broken]);
    });

    describe('with a controller manager', () => {
      describeWorkerDenied(
        () => startRealApiServer({ controllers: ['*'] }),
        [['healthy'], ...someSingles, broken],
      );
    });
  },
);
