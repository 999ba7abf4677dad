import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiServer, startApiServer } from '@claw-run/sandbox';
import { describeLaws, statusWriter } from '@claw-run/testing';
import { connectCluster, connectLocal } from '@claw-run/transports';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openclaw } from '../src/index.ts';
import { inLab } from './laws/in-lab.ts';
import { serveJobs } from './laws/jobs.ts';
import { clusterSubjects, hostSubjects } from './laws/subjects.ts';

const folder = mkdtempSync(join(tmpdir(), 'claw-run-openclaw-'));
const bin = join(folder, 'bin');
const kubeconfig = join(folder, 'kubeconfig');
let server: ApiServer | undefined;

beforeAll(async () => {
  mkdirSync(bin);
  server = await startApiServer();
  await writeFile(kubeconfig, server.kubeconfig, { mode: 0o600 });
});

afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

const onCluster = clusterSubjects(statusWriter(() => kubeconfig));
const onHost = hostSubjects((text) => async () => {
  const quoted = text.replaceAll("'", `'\\''`);
  await writeFile(join(bin, 'openclaw'), `#!/bin/sh\nprintf '%s\\n' '${quoted}'\n`, { mode: 0o700 });
  return undefined;
});

it('everything that the library offers is held to the laws', () => {
  const held = new Set([...onCluster.concat(onHost).map(({ definition }) => definition.id), ...inLab]);
  expect(openclaw.map(({ id }) => id).filter((id) => !held.has(id))).toEqual([]);
});

describeLaws(onCluster, {
  async connect() {
    const connection = await connectCluster({ kubeconfig, userAgent: 'claw-run/test' });
    await serveJobs(connection);
    return connection;
  },
});

describeLaws(onHost, {
  connect: async () =>
    connectLocal({
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
      lockFolder: join(folder, 'locks'),
    }),
});
