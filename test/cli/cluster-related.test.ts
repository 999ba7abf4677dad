import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterObject, ParamValue } from '@claw-run/core';
import { kubernetes } from '@claw-run/kubernetes';
import { openclaw } from '@claw-run/openclaw';
import { type Scenario, startSandbox } from '@claw-run/sandbox';
import { connectCluster, connectLocal } from '@claw-run/transports';
import { expect, onTestFinished, test } from 'vitest';
import { arrangeRunbook, changing, found, told } from '../lab/support/try-runbook.ts';
import { launcher } from './support/claw-run.ts';

/** A practice cluster that is broken so, and a shipped runbook to try on it. */
async function practice(
  name: string,
  scenarios: readonly Scenario[],
  params: { readonly [name: string]: ParamValue } = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-related-'));
  const sandbox = await startSandbox({
    scenarios,
    openclaw: [process.execPath, launcher, 'sandbox', 'openclaw'],
  });
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
      { signal: AbortSignal.timeout(10_000) },
    )) as readonly ClusterObject[];
  /** What the runbook may change. */
  const snapshot = async () => {
    const lists = await Promise.all(
      ['production', 'openclaw-system'].flatMap((namespace) => [
        list('v1', 'ConfigMap', namespace),
        list('v1', 'Service', namespace),
        list('v1', 'ResourceQuota', namespace),
        list('networking.k8s.io/v1', 'NetworkPolicy', namespace),
      ]),
    );
    return lists.flat().map(({ kind, metadata, spec, data }) => ({ kind, name: metadata.name, spec, data }));
  };
  const logs = async () => {
    const pods = await list('v1', 'Pod', 'production');
    const texts = await Promise.all(
      pods.map(({ metadata }) =>
        cluster.read(
          { read: 'logs', namespace: 'production', pod: metadata.name },
          { signal: AbortSignal.timeout(10_000) },
        ),
      ),
    );
    return texts.join('\n');
  };
  return { ...bench, snapshot, list, logs };
}

type Practice = Awaited<ReturnType<typeof practice>>;

/** Dry run, mend, run again, undo: everything that has to hold for a cause that is mended. */
async function mendsAll({ go, undo, snapshot }: Practice, causes: readonly string[]) {
  const before = await snapshot();
  const dry = await go({ mode: 'plan' });
  expect({ status: dry.outcome.status, found: found(dry) }, told(dry)).toEqual({
    status: 'ok',
    found: causes,
  });
  expect(await snapshot(), 'a dry run changes nothing').toEqual(before);
  const mended = await go();
  expect({ status: mended.outcome.status, found: found(mended) }, told(mended)).toEqual({
    status: 'ok',
    found: causes,
  });
  const after = await snapshot();
  const again = await go();
  expect(
    { status: again.outcome.status, found: found(again), changing: changing(again) },
    told(again),
  ).toEqual({ status: 'ok', found: [], changing: [] });
  expect(await snapshot(), 'a second run changes nothing').toEqual(after);
  const undone = await undo(mended.outcome.run);
  expect(undone.outcome.status, told(undone)).toBe('ok');
  expect(await snapshot(), 'after roll-back all is as it was').toEqual(before);
}

const problems = (told: Awaited<ReturnType<Practice['go']>>) =>
  told.outcome.problems.map(({ message }) => message).join('\n');

interface Unreachable {
  readonly scenarios: readonly Scenario[];
  readonly causes: readonly string[];
  readonly says: RegExp;
  readonly params?: { readonly [name: string]: ParamValue };
}

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
    await mendsAll(place, causes);
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
  await mendsAll(place, ['quota']);
  const tasks = (await place.list('openclaw.io/v1', 'Task', 'production')).map(
    ({ metadata }) => metadata.name,
  );
  expect(tasks).toEqual(expect.arrayContaining(['archive-0', 'archive-1', 'archive-2']));
});

test('task-timeout: a quota is told of, and raised by whom it was asked of alone', async () => {
  const { go, snapshot } = await practice('task-timeout', ['quota-used']);
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
