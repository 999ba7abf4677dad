import { join } from 'node:path';
import type { ClusterObject } from '@claw-run/core';
import { startSandbox } from '@claw-run/sandbox';
import { statusWriter } from '@claw-run/testing';
import { connectCluster } from '@claw-run/transports';
import { expect, onTestFinished, test } from 'vitest';
import { openclawProgram } from '../support/programs.ts';
import { eventsOf, makePlace, root } from './support/claw-run.ts';

async function practice() {
  const sandbox = await startSandbox({
    scenarios: ['healthy'],
    openclaw: openclawProgram,
  });
  onTestFinished(() => sandbox.close());
  await sandbox.settled();
  const place = await makePlace({ PATH: `${sandbox.bin}:${process.env.PATH}` });
  const go = async (runbook: string) => {
    const { exit, stdout } = await place.run([
      join(root, 'runbooks', runbook),
      '--yes',
      '--output',
      'json',
      '--kubeconfig',
      sandbox.kubeconfig,
    ]);
    const events = eventsOf(stdout);
    const found = events.flatMap((event) =>
      event.type === 'cause' && event.finding === 'found' ? [event.id] : [],
    );
    return { exit, found, actions: events.filter(({ type }) => type === 'action.intended').length };
  };
  return { sandbox, go };
}

test('pod-evicted clears the remains of an evicted pod away, and nothing else', async () => {
  const { sandbox, go } = await practice();
  const cluster = await connectCluster({ kubeconfig: sandbox.kubeconfig, userAgent: 'test' });
  onTestFinished(() => cluster.close());
  const pods = async () =>
    (await cluster.read(
      { read: 'list', apiVersion: 'v1', kind: 'Pod', namespace: 'production', labels: 'app=openclaw-worker' },
      { signal: AbortSignal.timeout(60_000) },
    )) as readonly ClusterObject[];
  const [victim] = await pods();
  if (victim === undefined) throw new Error('there are no workers');
  await statusWriter(() => sandbox.kubeconfig)(victim, {
    phase: 'Failed',
    reason: 'Evicted',
    message: 'node pressure',
  });
  expect(await go('pod-evicted.yaml')).toEqual({ exit: 0, found: ['not-ready'], actions: 1 });
  expect((await pods()).map(({ metadata }) => metadata.name)).not.toContain(victim.metadata.name);
  expect(await go('pod-evicted.yaml')).toEqual({ exit: 0, found: [], actions: 0 });
});

test('worker-notfound leaves workers alone that the registry knows', async () => {
  const { go } = await practice();
  expect(await go('worker-notfound.yaml')).toEqual({ exit: 0, found: [], actions: 0 });
});
