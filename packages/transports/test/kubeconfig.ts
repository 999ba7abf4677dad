import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '@claw-run/core';
import { onTestFinished } from 'vitest';
import { connectCluster } from '../src/index.ts';

/** A connection to whatever answers at a URL. */
export async function withKubeconfig(server: string): Promise<Connection<'cluster'>> {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-kubeconfig-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const kubeconfig = join(folder, 'config');
  const name = 'odd';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name, user: {} }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
  await writeFile(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  return connectCluster({ kubeconfig, userAgent: 'claw-run/test' });
}
