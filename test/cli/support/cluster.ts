import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApiServer } from '@claw-run/sandbox';
import { connectCluster } from '@claw-run/transports';
import { afterAll, beforeAll } from 'vitest';

/** An API server for the tests of a file, each of which works in a namespace of its own. */
export interface Cluster {
  readonly kubeconfig: string;
  readonly get: (kind: string, name: string, namespace?: string) => Promise<unknown>;
  /** Deletes a namespace, or changes the cluster in another way, as somebody else would. */
  readonly perform: Awaited<ReturnType<typeof connectCluster>>['perform'];
}

/** Starts the API server before the tests of a file and ends it after them. */
export function useCluster(): Cluster {
  let folder = '';
  let server: Awaited<ReturnType<typeof startApiServer>> | undefined;
  let connection: Awaited<ReturnType<typeof connectCluster>> | undefined;
  const path = () => join(folder, 'kubeconfig');
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claw-run-cli-'));
    server = await startApiServer();
    await writeFile(path(), server.kubeconfig, { mode: 0o600 });
    connection = await connectCluster({ kubeconfig: path(), userAgent: 'test' });
  });
  afterAll(async () => {
    await connection?.close();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });
  const signal = new AbortController().signal;
  return {
    get kubeconfig() {
      return path();
    },
    get: async (kind, name, namespace) => {
      const ref = { apiVersion: 'v1', kind, name, ...(namespace === undefined ? {} : { namespace }) };
      return connection?.read({ read: 'get', ref }, { signal });
    },
    perform: async (action, options) => {
      if (connection === undefined) throw new Error('the cluster has not started');
      return connection.perform(action, options);
    },
  };
}
