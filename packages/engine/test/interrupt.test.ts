import { ClawError, type Connection } from '@claw-run/core';
import { beforeEach, expect, it } from 'vitest';
import { unattended } from '../src/index.ts';
import { runbookOf, step, useBench } from './support/bench.ts';
import { setting, wishful } from './support/steps.ts';

const bench = useBench();
beforeEach(() => bench().remove('a', 'b'));

const runbook = runbookOf({
  steps: [step('one', setting, { name: 'a', value: '1' }), step('two', setting, { name: 'b', value: '2' })],
});

/** A connection on which the first action interrupts the run while it is in hand. */
function interrupting(reason: string): { cluster: Connection<'cluster'>; signal: AbortSignal } {
  const controller = new AbortController();
  const { connection } = bench();
  const cluster: Connection<'cluster'> = {
    ...connection,
    perform(action, options) {
      controller.abort(new ClawError('cancelled', reason));
      return connection.perform(action, options);
    },
  };
  return { cluster, signal: controller.signal };
}

it('an interrupted run stops after the action in hand, and can be gone on with', async () => {
  const { cluster, signal } = interrupting('interrupted by SIGINT');
  const { outcome, events } = await bench().go(runbook, { connections: { cluster }, signal });
  expect(outcome).toMatchObject({
    status: 'interrupted',
    exit: 130,
    problems: [{ code: 'cancelled', message: 'interrupted by SIGINT' }],
  });
  expect(events.filter(({ type }) => type === 'action.ended')).toHaveLength(1);
  expect([await bench().text('a'), await bench().text('b')]).toEqual(['1', undefined]);
  expect((await bench().resume(runbook, outcome.run)).outcome).toMatchObject({ status: 'ok', problems: [] });
  expect(await bench().text('b')).toBe('2');
});

it('a run that is told to terminate says so by its exit code', async () => {
  const { cluster, signal } = interrupting('terminated by SIGTERM');
  const { outcome } = await bench().go(runbook, { connections: { cluster }, signal });
  expect(outcome).toMatchObject({ status: 'terminated', exit: 143 });
});

it('an interrupted run is taken back where that is the answer', async () => {
  const { cluster, signal } = interrupting('interrupted by SIGINT');
  const decisions = { ...unattended, onInterrupt: async () => 'roll-back' as const };
  const { outcome } = await bench().go(runbook, { connections: { cluster }, signal, decisions });
  expect(outcome).toMatchObject({ status: 'rolled-back', exit: 5 });
  expect(await bench().text('a')).toBeUndefined();
});

it('waiting is interrupted, however long it would have been', async () => {
  const controller = new AbortController();
  const slow = runbookOf({
    steps: [step('wish', wishful, { name: 'a', value: 'this' }, { timeoutSeconds: 3600 })],
  });
  const { outcome } = await bench().go(slow, {
    signal: controller.signal,
    emit: ({ type }) => {
      if (type === 'step.waiting') controller.abort(new ClawError('cancelled', 'interrupted by SIGINT'));
    },
  });
  expect(outcome).toMatchObject({ status: 'interrupted', exit: 130 });
});

it('a run that is interrupted before it began touches nothing', async () => {
  const signal = AbortSignal.abort(new ClawError('cancelled', 'interrupted by SIGINT'));
  const { outcome } = await bench().go(runbook, { signal });
  expect(outcome).toMatchObject({ status: 'interrupted', exit: 130 });
  expect(await bench().text('a')).toBeUndefined();
});
