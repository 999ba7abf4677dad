import { describeLaws, statusWriter } from '@claw-run/testing';
import { connectCluster } from '@claw-run/transports';
import { afterAll, beforeAll, describe } from 'vitest';
import { connectForLaws } from '../../packages/kubernetes/test/laws/connect.ts';
import { subjectsOf } from '../../packages/kubernetes/test/laws/subjects.ts';
import { serveJobs } from '../../packages/openclaw/test/laws/jobs.ts';
import { clusterSubjects } from '../../packages/openclaw/test/laws/subjects.ts';
import { type RealApiServer, startRealApiServer, whyNoApiServer } from './api-server.ts';

const why = whyNoApiServer();
if (why !== undefined) console.warn(`skipped: the laws on a real API server. ${why}`);

describe.skipIf(why !== undefined)(
  `the laws on a real API server${why === undefined ? '' : ` (skipped: ${why})`}`,
  () => {
    let server: RealApiServer | undefined;
    const kubeconfig = () => server?.kubeconfig ?? '';

    beforeAll(async () => {
      server = await startRealApiServer({ controllers: ['namespace', 'garbagecollector'] });
    });

    afterAll(async () => {
      await server?.close();
    });

    describe('kubernetes', () => {
      const subjects = Map.groupBy(
        subjectsOf(statusWriter(kubeconfig)),
        ({ definition }) => definition.id === 'kubernetes.namespace',
      );
      const connect = () => connectForLaws(kubeconfig());
      describeLaws(subjects.get(false) ?? [], { connect, runs: 10 });
      // the controller takes five seconds to delete a namespace, and each trial deletes one
      describeLaws(subjects.get(true) ?? [], { connect, crashes: false });
    });

    describe('openclaw', () => {
      describeLaws(clusterSubjects(statusWriter(kubeconfig)), {
        async connect() {
          const connection = await connectCluster({ kubeconfig: kubeconfig(), userAgent: 'claw-run/test' });
          await serveJobs(connection);
          return connection;
        },
      });
    });
  },
);
