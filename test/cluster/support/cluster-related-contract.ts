import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterObject, ParamValue } from '@claw-run/core';
import { kubernetes } from '@claw-run/kubernetes';
import { openclaw } from '@claw-run/openclaw';
import { type Scenario, startSandbox } from '@claw-run/sandbox';
import { connectCluster, connectLocal } from '@claw-run/transports';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { arrangeRunbook, changing, found, told } from '../../lab/support/try-runbook.ts';
import { goWholeWay } from '../../lab/support/whole-way.ts';
import { openclawProgram } from '../../support/programs.ts';
import { snapshot } from './snapshot.ts';
import type { Server } from './worker-denied-contract.ts';

/** What the runbooks of the errors beside clw-worker-denied have to do on any API server. */
export function describeClusterRelated(start: () => Promise<Server>): void {
  let server: Server;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server?.close());
  const practice = (
    name: string,
    scenarios: readonly Scenario[],
    params: { readonly [name: string]: ParamValue } = {},
  ) => practiceOn(server.kubeconfig, name, scenarios, params);

  test.each<Unreachable>([
    { scenarios: ['endpoint-wrong'], causes: ['endpoint'], says: /Connection refused on port 8443/ },
    { scenarios: ['network-policy'], causes: ['egress'], says: /Connection refused on port 443/ },
    { scenarios: ['no-endpoints'], causes: ['no-endpoints'], says: /Connection refused on port 443/ },
    {
      scenarios: ['blocked'],
      causes: ['blocked'],
      says: /Connection refused on port 443/,
      params: { 'allow-policy-change': true },
    },
    {
      scenarios: ['endpoint-wrong', 'network-policy', 'no-endpoints'],
      causes: ['egress', 'endpoint', 'no-endpoints'],
      says: /Connection refused/,
    },
  ])(
    'cluster-unreachable: $scenarios is found, mended, proved, settled and undone',
    async ({ scenarios, causes, says, params }) => {
      const place = await practice('cluster-unreachable', scenarios, params);
      expect(await place.logs()).toMatch(says);
      expect(await place.logs()).toMatch(/ERROR clw-cluster-unreachable: /);
      await goWholeWay({ bench: place, causes, snapshot: place.snapshot });
    },
  );

  test('cluster-unreachable: a namespace that the security policy blocks is told of, and let in by whom it was asked of alone', async () => {
    const { go, snapshot } = await practice('cluster-unreachable', ['blocked']);
    const before = await snapshot();
    const left = await go();
    expect({ found: found(left), status: left.outcome.status }, told(left)).toEqual({
      found: ['blocked'],
      status: 'verification-failed',
    });
    expect(problems(left)).toContain('the security policy blocks connections of production');
    expect(await snapshot()).toEqual(before);
  });

  test('cluster-unreachable: workers that are connected are left alone', async () => {
    const { go } = await practice('cluster-unreachable', ['healthy']);
    const run = await go();
    expect({ found: found(run), changing: changing(run), status: run.outcome.status }, told(run)).toEqual({
      found: [],
      changing: [],
      status: 'ok',
    });
  });

  test('task-timeout: a quota that is used up is found, raised, proved by a job, settled and undone; no task is lost', async () => {
    const place = await practice('task-timeout', ['quota-used'], { quota: 50 });
    await expect
      .poll(place.logs, { timeout: 60_000 })
      .toContain('WARN clw-task-timeout: Task nightly-report-0 exceeded 2s timeout');
    await goWholeWay({ bench: place, causes: ['quota'], snapshot: place.snapshot });
    const tasks = (await place.list('openclaw.io/v1', 'Task', 'production')).map(
      ({ metadata }) => metadata.name,
    );
    expect(tasks).toEqual(expect.arrayContaining(['archive-0', 'archive-1', 'archive-2']));
  });

  test('task-timeout: a quota is told of, and raised by whom it was asked of alone', async () => {
    const { go, snapshot, logs } = await practice('task-timeout', ['quota-used']);
    await expect
      .poll(logs, { timeout: 60_000 })
      .toContain('WARN clw-task-timeout: Task nightly-report-0 exceeded 2s timeout');
    const before = await snapshot();
    const left = await go();
    expect({ found: found(left), status: left.outcome.status }, told(left)).toEqual({
      found: ['quota'],
      status: 'verification-failed',
    });
    expect(problems(left)).toContain(
      'quota openclaw-tasks (3 of 3 used) leaves no room for count/tasks.openclaw.io',
    );
    expect(await snapshot()).toEqual(before);
  });
}

/** A practice cluster that is broken so, and a shipped runbook to try on it. */
async function practiceOn(
  kubeconfig: string,
  name: string,
  scenarios: readonly Scenario[],
  params: { readonly [name: string]: ParamValue } = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-related-'));
  const sandbox = await startSandbox({ scenarios, kubeconfig, openclaw: openclawProgram });
  const cluster = await connectCluster({ kubeconfig: sandbox.kubeconfig, userAgent: 'test' });
  onTestFinished(async () => {
    await cluster.close();
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  });
  await sandbox.settled();
  const operator = connectLocal({
    env: { ...process.env, PATH: `${sandbox.bin}:${process.env.PATH}` },
    lockFolder: join(folder, 'locks'),
  });
  const bench = await arrangeRunbook({
    name,
    libraries: [kubernetes, openclaw],
    connections: { cluster, operator },
    params,
    folder: join(folder, 'runs'),
  });
  const list = async (apiVersion: string, kind: string, namespace: string) =>
    (await cluster.read(
      { read: 'list', apiVersion, kind, namespace },
      { signal: AbortSignal.timeout(60_000) },
    )) as readonly ClusterObject[];
  const logs = async () => {
    const pods = await list('v1', 'Pod', 'production');
    const texts = await Promise.all(
      pods.map(({ metadata }) =>
        cluster.read(
          { read: 'logs', namespace: 'production', pod: metadata.name },
          { signal: AbortSignal.timeout(60_000) },
        ),
      ),
    );
    return texts.join('\n');
  };
  return { ...bench, snapshot: () => snapshot(cluster), list, logs };
}

type Practice = Awaited<ReturnType<typeof practiceOn>>;

const problems = (told: Awaited<ReturnType<Practice['go']>>) =>
  told.outcome.problems.map(({ message }) => message).join('\n');

interface Unreachable {
  readonly scenarios: readonly Scenario[];
  readonly causes: readonly string[];
  readonly says: RegExp;
  readonly params?: { readonly [name: string]: ParamValue };
}
