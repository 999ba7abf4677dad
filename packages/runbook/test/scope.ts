import { type Scope, Secret } from '@claw-run/core';

/** What a run knows, for evaluating. */
export const scope: Scope = {
  params: { namespace: 'prod', replicas: 3, ratio: 3, token: new Secret('s3cret') },
  targets: { cluster: { name: 'cluster', kind: 'cluster' } },
  facts: {
    account: 'default',
    worker: {
      account: 'a',
      replicas: 5,
      load: 3,
      image: null,
      pods: [
        { name: 'p1', ready: true },
        { name: 'p2', ready: false },
        { name: 'p3', ready: true },
      ],
    },
  },
  causes: { rbac: { found: true, excluded: false, unknown: false } },
  steps: {
    account: { changed: true, skipped: false, output: { uid: 7, list: [1, 2] } },
    'restart-workers': { changed: false, skipped: true },
  },
  run: { id: 'r1', startedAt: '2026-01-01T00:00:00Z', dryRun: false },
};
