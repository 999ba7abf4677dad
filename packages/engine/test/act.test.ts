import { ClawError, type Connection } from '@claw-run/core';
import { beforeEach, expect, it } from 'vitest';
import { type Decisions, unattended } from '../src/index.ts';
import { proof, runbookOf, step, useBench } from './support/bench.ts';
import { configMap, has, note, setting, wishful } from './support/steps.ts';

const bench = useBench();
beforeEach(() => bench().remove('a', 'b', 'c'));

const set = (name: string, value = '1') => step(`set-${name}`, setting, { name, value });

/** Agrees, after something else has happened. */
const meanwhile = (happens: () => Promise<void>): Decisions => ({
  ...unattended,
  confirm: async () => {
    await happens();
    return 'yes';
  },
});

/** A connection whose actions on a ConfigMap fail, as often as told. */
function failing(
  connection: Connection<'cluster'>,
  name: string,
  times = Number.POSITIVE_INFINITY,
): Connection<'cluster'> {
  let left = times;
  return {
    ...connection,
    perform(action, options) {
      if (action.do === 'create' && action.object.metadata.name === name && left > 0) {
        left -= 1;
        return Promise.reject(new ClawError('action-failed', `the API server has no room for ${name}`));
      }
      return connection.perform(action, options);
    },
  };
}

it('a world that moved between the plan and the act stops the run before anything is touched', async () => {
  await bench().put(configMap('a', { text: 'then' }));
  const decisions = meanwhile(() => bench().put(configMap('a', { text: 'meanwhile' })));
  const { outcome } = await bench().go(runbookOf({ steps: [set('a'), set('b')] }), { decisions });
  expect(outcome).toMatchObject({
    status: 'stale-plan',
    exit: 7,
    problems: [
      {
        code: 'stale-plan',
        message: 'set-a: the target changed since it was planned: value was "then", is "meanwhile"',
      },
    ],
  });
  expect([await bench().text('a'), await bench().text('b')]).toEqual(['meanwhile', undefined]);
});

it('a world that moved so that nothing is left to do is taken as it is', async () => {
  await bench().put(configMap('a', { text: 'then' }));
  const decisions = meanwhile(() => bench().put(configMap('a', { text: '1' })));
  const { outcome, events } = await bench().go(runbookOf({ steps: [set('a')] }), { decisions });
  expect(outcome).toMatchObject({ status: 'ok', problems: [] });
  expect(events.some(({ type }) => type === 'action.intended')).toBe(false);
});

it('an event whose actions would be others than those agreed to does not happen', async () => {
  await bench().put(configMap('a', { text: 'then' }));
  const decisions = meanwhile(() => bench().put(configMap('a', { text: 'meanwhile' })));
  const { outcome } = await bench().go(runbookOf({ steps: [step('note', note, { name: 'a' })] }), {
    decisions,
  });
  expect(outcome).toMatchObject({ status: 'stale-plan', exit: 7 });
  expect(await bench().text('a')).toBe('meanwhile');
});

it('what has to last until it counts is looked at again: what fell over meanwhile has failed', async () => {
  let looks = 0;
  const wobbly: typeof note = {
    ...note,
    steadySeconds: 0.2,
    done: () => {
      looks += 1;
      return looks === 1
        ? { progress: 'done', because: 'it runs' }
        : { progress: 'failed', because: 'it has ended' };
    },
  };
  const { outcome } = await bench().go(runbookOf({ steps: [step('note', wobbly, { name: 'a' })] }));
  expect(outcome).toMatchObject({
    status: 'failed',
    problems: [{ code: 'action-failed', message: 'note: it has ended' }],
  });
});

it('a failure is rolled back where the runbook says so', async () => {
  await bench().put(configMap('a', { text: 'then' }));
  const runbook = runbookOf({ steps: [set('a'), set('b'), set('c')], onFailure: 'roll-back' });
  const connections = { cluster: failing(bench().connection, 'c') };
  const { outcome, events } = await bench().go(runbook, { connections });
  expect(outcome).toMatchObject({ status: 'rolled-back', exit: 5, problems: [{ code: 'action-failed' }] });
  expect([await bench().text('a'), await bench().text('b')]).toEqual(['then', undefined]);
  expect(
    events.flatMap((event) => (event.type === 'step.reverted' ? [[event.id, event.outcome]] : [])),
  ).toEqual([
    ['set-c', 'settled'],
    ['set-b', 'reverted'],
    ['set-a', 'reverted'],
  ]);
});

it('a failure leaves things as they are where the runbook says stop, and the run can be gone on with', async () => {
  const runbook = runbookOf({ steps: [set('a'), set('b'), set('c')] });
  const { outcome } = await bench().go(runbook, {
    connections: { cluster: failing(bench().connection, 'b') },
  });
  expect(outcome).toMatchObject({
    status: 'failed',
    exit: 1,
    problems: [{ message: 'the API server has no room for b' }],
  });
  expect([await bench().text('a'), await bench().text('c')]).toEqual(['1', undefined]);
  expect((await bench().resume(runbook, outcome.run)).outcome).toMatchObject({ status: 'ok', problems: [] });
  expect([await bench().text('b'), await bench().text('c')]).toEqual(['1', '1']);
});

it('a failure of a step that may fail does not keep the others from being done', async () => {
  const steps = [step('set-a', setting, { name: 'a', value: '1' }, { onFailure: 'continue' }), set('b')];
  const { outcome } = await bench().go(runbookOf({ steps }), {
    connections: { cluster: failing(bench().connection, 'a') },
  });
  expect(outcome).toMatchObject({ status: 'failed', exit: 1, problems: [{ code: 'action-failed' }] });
  expect([await bench().text('a'), await bench().text('b')]).toEqual([undefined, '1']);
});

it('a step is tried as often as it may be', async () => {
  const retry = { attempts: 3, delaySeconds: 0, backoff: 1 };
  const steps = [step('set-a', setting, { name: 'a', value: '1' }, { retry })];
  const twice = await bench().go(runbookOf({ steps }), {
    connections: { cluster: failing(bench().connection, 'a', 2) },
  });
  expect(twice.outcome).toMatchObject({ status: 'ok', problems: [] });
  expect(twice.events.filter(({ type }) => type === 'action.intended')).toHaveLength(3);
  await bench().remove('a');
  const thrice = await bench().go(runbookOf({ steps }), {
    connections: { cluster: failing(bench().connection, 'a', 3) },
  });
  expect(thrice.outcome).toMatchObject({ status: 'failed', exit: 1 });
});

it('what does not come about in time is told as it was last seen', async () => {
  const steps = [step('wish', wishful, { name: 'a', value: 'this' })];
  const { outcome, events } = await bench().go(runbookOf({ steps }));
  expect(outcome).toMatchObject({
    status: 'failed',
    problems: [
      {
        code: 'not-settled',
        message:
          'wish did not come about within 1 s: ConfigMap a text is "something else", planned was "this"',
        hint: expect.stringContaining('timeout'),
      },
    ],
  });
  expect(events.find(({ type }) => type === 'step.waiting')).toMatchObject({
    because: 'ConfigMap a text is "something else", planned was "this"',
  });
});

it('a verification that does not hold leaves the changes, or takes them back where the runbook says so', async () => {
  const verify = [proof('proven', has, { name: 'a', value: '2' }, { withinSeconds: 0 })];
  const left = await bench().go(runbookOf({ steps: [set('a')], verify }));
  expect(left.outcome).toMatchObject({
    status: 'verification-failed',
    exit: 4,
    problems: [{ code: 'check-failed', message: 'proven: it is 1 (waited 0 s)' }],
  });
  expect(await bench().text('a')).toBe('1');
  await bench().remove('a');
  const undone = await bench().go(runbookOf({ steps: [set('a')], verify, onFailure: 'roll-back' }));
  expect(undone.outcome).toMatchObject({ status: 'rolled-back', exit: 5 });
  expect(await bench().text('a')).toBeUndefined();
});

it('an event that proves happens only where something was changed', async () => {
  await bench().put(configMap('a', { text: '1' }));
  const runbook = runbookOf({ steps: [set('a')], verify: [proof('noted', note, { name: 'c' })] });
  const settled = await bench().go(runbook);
  expect(settled.outcome).toMatchObject({ status: 'ok', problems: [] });
  expect(await bench().text('c')).toBeUndefined();
  await bench().remove('a');
  const changed = await bench().go(runbook);
  expect(changed.outcome).toMatchObject({ status: 'ok', problems: [] });
  expect(await bench().text('c')).toBe(changed.outcome.run);
});

it('without someone to ask, and where the answer is no, nothing is touched', async () => {
  const runbook = runbookOf({ steps: [set('a')] });
  const answering = (answer: 'no' | 'nobody'): Decisions => ({ ...unattended, confirm: async () => answer });
  const nobody = await bench().go(runbook, { decisions: answering('nobody') });
  expect(nobody.outcome).toMatchObject({ status: 'waiting-for-approval', exit: 12 });
  const no = await bench().go(runbook, { decisions: answering('no') });
  expect(no.outcome).toMatchObject({ status: 'cancelled', exit: 8, problems: [] });
  expect(await bench().text('a')).toBeUndefined();
});
