import { ClawError, type ClusterObject, type Connection, type JsonObject } from '@claw-run/core';
import { leaseRef } from '@claw-run/transports';
import { beforeEach, expect, it } from 'vitest';
import { unattended } from '../src/index.ts';
import { runbookOf, step, useBench } from './support/bench.ts';
import { setting } from './support/steps.ts';

const bench = useBench();
beforeEach(() => bench().remove('a', 'b'));

const runbook = runbookOf({
  steps: [step('one', setting, { name: 'a', value: '1' }), step('two', setting, { name: 'b', value: '2' })],
});

function lease(run: string, renewedSecondsAgo: number, lasts = 30): ClusterObject {
  const time = new Date(Date.now() - renewedSecondsAgo * 1000).toISOString().replace('Z', '000Z');
  return {
    apiVersion: leaseRef.apiVersion,
    kind: leaseRef.kind,
    metadata: {
      name: leaseRef.name,
      namespace: leaseRef.namespace,
      annotations: { 'claw-run.dev/holder': 'eve@head', 'claw-run.dev/runbook': 'other' },
    },
    spec: { holderIdentity: run, leaseDurationSeconds: lasts, acquireTime: time, renewTime: time },
  };
}

it('a second run is told who holds the lock and since when, and touches nothing', async () => {
  const held = lease('run-of-eve', 5);
  await bench().put(held);
  const { outcome } = await bench().go(runbook);
  const { acquireTime } = held.spec as { acquireTime: string };
  expect(outcome).toMatchObject({ status: 'locked', exit: 11, problems: [{ code: 'locked' }] });
  expect(outcome.problems[0]?.message).toBe(
    `run run-of-eve (other, by eve@head, since ${acquireTime}) holds the lock of the cluster`,
  );
  expect(outcome.problems[0]?.hint).toMatch(/once it was not renewed for 30 s, .*--break-lock/);
  expect(await bench().text('a')).toBeUndefined();
  expect(await bench().get(leaseRef)).toMatchObject({ spec: { holderIdentity: 'run-of-eve' } });
  const broken = await bench().go(runbook, { breakLock: true });
  expect(broken.outcome).toMatchObject({ status: 'ok', problems: [] });
});

it.each([
  ['by all clocks', 31],
  ['by a clock that is an hour ahead', -3600],
])('a lock whose holder has died is taken over once it was not renewed for its time, %s', async (_, age) => {
  await bench().put(lease('run-of-the-dead', age, 2));
  const { outcome, events } = await bench().go(runbook);
  expect(outcome).toMatchObject({ status: 'ok', problems: [] });
  expect(events.find(({ type }) => type === 'warning')).toMatchObject({
    message: expect.stringMatching(/^run run-of-the-dead .* may be dead: it is watched for 2 s/),
  });
});

it.each([
  ['behind', 40],
  ['ahead', -40],
])('a lock that is renewed is nobody’s to take, though its clock is %s', async (_, age) => {
  const held = lease('run-of-eve', age, 3);
  await bench().put(held);
  const { signal } = new AbortController();
  let renewals = 0;
  const { outcome } = await bench().go(runbook, {
    emit: (event) => {
      if (event.type !== 'warning') return;
      renewals += 1;
      const { spec } = lease('run-of-eve', age - 10);
      const value = (spec as { renewTime: string }).renewTime;
      const patch = [{ op: 'replace', path: '/spec/renewTime', value }] as const;
      void bench().connection.perform({ do: 'patch', ref: leaseRef, patch }, { key: 'renew', signal });
    },
  });
  expect(renewals).toBe(1);
  expect(outcome).toMatchObject({ status: 'locked', exit: 11 });
  expect(await bench().text('a')).toBeUndefined();
  await bench().connection.perform({ do: 'delete', ref: leaseRef }, { key: 'away', signal });
});

it.each(['broken', 'deleted'])(
  'once its lock is %s, a run changes nothing more and leaves the lock',
  async (how) => {
    const { signal } = new AbortController();
    const theirs = lease('run-of-eve', 0);
    const { outcome } = await bench().go(
      { ...runbook, onFailure: 'roll-back' },
      {
        decisions: {
          ...unattended,
          async confirmStep({ id }) {
            if (id !== 'two') return 'yes';
            const { annotations } = theirs.metadata as { annotations: JsonObject };
            const patch = [
              { op: 'replace', path: '/spec/holderIdentity', value: 'run-of-eve/1' },
              { op: 'replace', path: '/metadata/annotations', value: annotations },
            ] as const;
            await bench().connection.perform(
              how === 'broken' ? { do: 'patch', ref: leaseRef, patch } : { do: 'delete', ref: leaseRef },
              { key: 'break', signal },
            );
            return 'yes';
          },
        },
      },
    );
    expect(outcome).toMatchObject({ status: 'failed', exit: 1, problems: [{ code: 'lock-lost' }] });
    expect(outcome.problems[0]?.message).toContain(
      how === 'broken' ? 'run run-of-eve (other' : 'it was deleted',
    );
    expect([await bench().text('a'), await bench().text('b')]).toEqual(['1', undefined]);
    const left = await bench().get(leaseRef);
    expect(left === null).toBe(how === 'deleted');
    await bench().connection.perform({ do: 'delete', ref: leaseRef }, { key: 'away', signal });
    expect((await bench().undo(runbook, outcome.run)).outcome).toMatchObject({ status: 'ok' });
    expect(await bench().text('a')).toBeUndefined();
  },
);

it('the lock is held while acting, and gone at the end', async () => {
  const seen: unknown[] = [];
  const { connection, get } = bench();
  const cluster: Connection<'cluster'> = {
    ...connection,
    async perform(action, options) {
      seen.push((await get(leaseRef))?.spec);
      return connection.perform(action, options);
    },
  };
  const { outcome } = await bench().go(runbook, { connections: { cluster } });
  const ours = { holderIdentity: expect.stringMatching(new RegExp(`^${outcome.run}/[0-9a-f]+$`)) };
  expect(seen).toMatchObject([ours, ours]);
  expect(await bench().get(leaseRef)).toBeNull();
});

it('two runs at the same moment: one of them is done, the other is told', async () => {
  const both = await Promise.all([bench().go(runbook), bench().go(runbook)]);
  const statuses = both.map(({ outcome }) => outcome.status).sort();
  expect(['locked', 'ok', 'stale-plan']).toEqual(expect.arrayContaining(statuses));
  expect(statuses).toContain('ok');
  expect(await bench().get(leaseRef)).toBeNull();
});

it('a run that loses its lock stops before the next action, and undoes nothing', async () => {
  const lost = new AbortController();
  const { connection } = bench();
  const cluster: Connection<'cluster'> = {
    ...connection,
    lock: async (...args) => ({ ...(await connection.lock(...args)), lost: lost.signal }),
    async perform(...args) {
      const result = await connection.perform(...args);
      lost.abort(new ClawError('lock-lost', 'the lock of the cluster was lost'));
      return result;
    },
  };
  const careful = { ...runbook, onFailure: 'roll-back' } as const;
  const { outcome } = await bench().go(careful, { connections: { cluster } });
  expect(outcome).toMatchObject({ status: 'failed', exit: 1, problems: [{ code: 'lock-lost' }] });
  expect([await bench().text('a'), await bench().text('b')]).toEqual(['1', undefined]);
});

it('a run that is gone on with takes over the lock it left', async () => {
  const identity = { run: 'left-its-lock', startedAt: new Date().toISOString() };
  const cluster: Connection<'cluster'> = {
    ...bench().connection,
    perform: () => Promise.reject(new ClawError('action-failed', 'no room')),
  };
  await bench().go(runbook, { identity, connections: { cluster } });
  await bench().put(lease(identity.run, 1));
  const { outcome } = await bench().resume(runbook, identity.run);
  expect(outcome).toMatchObject({ status: 'ok', problems: [] });
});

it('two targets that are the same machine have one lock, and one sees what is planned for the other', async () => {
  const twin = runbookOf({
    steps: [
      step('one', setting, { name: 'a', value: '1' }),
      step('two', setting, { name: 'b', value: '2' }),
      { ...step('three', setting, { name: 'a', value: '1' }), on: 'twin' },
      { ...step('four', setting, { name: 'b', value: '3' }), on: 'twin' },
    ],
  });
  const targets = [...twin.targets, { name: 'twin', kind: 'cluster', many: false } as const];
  const locked: string[] = [];
  const { connection } = bench();
  const counting = (): Connection<'cluster'> => ({
    ...connection,
    lock: (holder, options) => {
      locked.push(holder.run);
      return connection.lock(holder, options);
    },
  });
  const connections = { cluster: counting(), twin: counting() };
  const { outcome, events } = await bench().go({ ...twin, targets }, { connections });
  expect(outcome).toMatchObject({ status: 'ok', problems: [] });
  expect(locked).toEqual([outcome.run]);
  expect(events.flatMap((event) => (event.type === 'step.planned' ? [[event.id, event.plan]] : []))).toEqual([
    ['one', 'change'],
    ['two', 'change'],
    ['three', 'settled'],
    ['four', 'change'],
  ]);
});
