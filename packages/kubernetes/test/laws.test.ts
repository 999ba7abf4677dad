import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApiServer } from '@claw-run/sandbox';
import { describeLaws, statusWriter } from '@claw-run/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { kubernetes } from '../src/index.ts';
import { connectForLaws } from './laws/connect.ts';
import { subjectsOf } from './laws/subjects.ts';

let folder = '';
let server: Awaited<ReturnType<typeof startApiServer>> | undefined;
const kubeconfig = () => join(folder, 'kubeconfig');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claw-run-kubernetes-'));
  server = await startApiServer();
  await writeFile(kubeconfig(), server.kubeconfig, { mode: 0o600 });
});

afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

const subjects = subjectsOf(statusWriter(kubeconfig));

it('everything that the library offers is held to the laws', () => {
  const held = new Set(subjects.map(({ definition }) => definition.id));
  expect(kubernetes.map(({ id }) => id).filter((id) => !held.has(id))).toEqual([]);
});

describeLaws(subjects, { connect: () => connectForLaws(kubeconfig()) });
