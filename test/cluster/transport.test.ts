import { readFile, writeFile } from 'node:fs/promises';
import { describeClusterContract } from '@claw-run/testing';
import { connectCluster } from '@claw-run/transports';
import { afterAll, beforeAll, describe } from 'vitest';
import { type RealApiServer, startRealApiServer, whyNoApiServer } from './api-server.ts';

const why = whyNoApiServer();
if (why !== undefined) console.warn(`skipped: connections to a real API server. ${why}`);

describe.skipIf(why !== undefined)(
  `connections to a real API server${why === undefined ? '' : ` (skipped: ${why})`}`,
  () => {
    let server: RealApiServer | undefined;
    beforeAll(async () => {
      server = await startRealApiServer();
    });
    afterAll(async () => {
      await server?.close();
    });
    const connect = (kubeconfig = '') => connectCluster({ kubeconfig, userAgent: 'claw-run/test' });

    describeClusterContract({
      admin: () => connect(server?.kubeconfig),
      nobody: () => connect(server?.nobody),
      async stranger() {
        const file = `${server?.kubeconfig}-stranger`;
        const text = await readFile(server?.kubeconfig ?? '', 'utf8');
        await writeFile(file, text.replace(/token: .*/, 'token: unknown-to-all'), { mode: 0o600 });
        return connect(file);
      },
    });
  },
);
