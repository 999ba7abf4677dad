import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '@claw-run/core';
import { type ApiServer, startApiServer } from '@claw-run/sandbox';
import { connectCluster } from '../src/index.ts';

/** An API server of its own, and ways in. */
export interface TestServer {
  readonly api: ApiServer;
  readonly connect: (kubeconfig?: string) => Promise<Connection<'cluster'>>;
  readonly close: () => Promise<void>;
}

export async function startTestServer(): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-transports-'));
  const api = await startApiServer({ auditLog: join(folder, 'audit.log') });
  let count = 0;
  return {
    api,
    async connect(kubeconfig = api.kubeconfig) {
      count += 1;
      const file = join(folder, `kubeconfig-${count}`);
      await writeFile(file, kubeconfig, { mode: 0o600 });
      return connectCluster({ kubeconfig: file, userAgent: 'claw-run/test' });
    },
    async close() {
      await api.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A signal that is never aborted. */
export function calm(): { readonly signal: AbortSignal } {
  return { signal: new AbortController().signal };
}
