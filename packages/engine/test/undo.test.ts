import { beforeEach, expect, it } from 'vitest';
import { runbookOf, step, useBench } from './support/bench.ts';
import { crashingAt, Killed } from './support/killed.ts';
import { configMap, note, reload, reloadIfStale, setting } from './support/steps.ts';

const bench = useBench();
beforeEach(() => bench().remove('a', 'b'));

const runbook = runbookOf({
  steps: [step('one', setting, { name: 'a', value: '1' }), step('two', setting, { name: 'b', value: '2' })],
});

it('undoing leads back, the last step first', async () => {
  await bench().put(configMap('a', { text: 'then' }));
  const { outcome } = await bench().go(runbook);
  const undone = await bench().undo(runbook, outcome.run);
  expect(undone.outcome).toMatchObject({ status: 'ok', exit: 0, problems: [] });
  expect(undone.events.flatMap((event) => (event.type === 'step.reverted' ? [event.id] : []))).toEqual([
    'two',
    'one',
  ]);
  expect([await bench().text('a'), await bench().text('b')]).toEqual(['then', undefined]);
});

it('undoing twice does nothing the second time', async () => {
  const { outcome } = await bench().go(runbook);
  await bench().undo(runbook, outcome.run);
  const again = await bench().undo(runbook, outcome.run);
  expect(again.outcome).toMatchObject({ status: 'ok', problems: [] });
  expect(again.events.some(({ type }) => type === 'action.intended')).toBe(false);
});

it('what someone else has changed since is told and left alone, unless it is forced', async () => {
  await bench().put(configMap('a', { text: 'then' }));
  const { outcome } = await bench().go(runbook);
  await bench().put(configMap('a', { text: 'since' }));
  const undone = await bench().undo(runbook, outcome.run);
  expect(undone.outcome).toMatchObject({
    status: 'roll-back-incomplete',
    exit: 6,
    problems: [
      {
        code: 'conflict',
        message: 'one: someone else has changed value since; left alone (--force rolls it back all the same)',
      },
    ],
  });
  expect([await bench().text('a'), await bench().text('b')]).toEqual(['since', undefined]);
  const again = await bench().undo(runbook, outcome.run);
  expect(again.outcome.exit, 'a conflict stays one').toBe(6);
  const forced = await bench().undo(runbook, outcome.run, { force: true });
  expect(forced.outcome).toMatchObject({ status: 'ok', problems: [] });
  expect(await bench().text('a')).toBe('then');
});

it('an event is taken back by what was seen before it', async () => {
  await bench().put(configMap('a', { text: 'then' }));
  const noting = runbookOf({ steps: [step('note', note, { name: 'a' })] });
  const { outcome } = await bench().go(noting);
  expect(await bench().text('a')).toBe(outcome.run);
  expect((await bench().undo(noting, outcome.run)).outcome).toMatchObject({ status: 'ok', problems: [] });
  expect(await bench().text('a')).toBe('then');
});

it('a reload is undone by one more, after what was to be reloaded has been undone', async () => {
  await bench().put(configMap('a', { text: 'then' }));
  await bench().put(configMap('b', { text: 'then' }));
  const reloading = runbookOf({
    steps: [step('one', setting, { name: 'a', value: '1' }), step('reload', reload, { from: 'a', to: 'b' })],
  });
  const { outcome } = await bench().go(reloading);
  expect([outcome.status, await bench().text('a'), await bench().text('b')]).toEqual(['ok', '1', '1']);
  const undone = await bench().undo(reloading, outcome.run);
  expect(undone.outcome).toMatchObject({ status: 'ok', problems: [] });
  expect(undone.events.flatMap((event) => (event.type === 'step.reverted' ? [event] : []))).toMatchObject([
    { id: 'one', outcome: 'reverted' },
    {
      id: 'reload',
      outcome: 'reverted',
      because: 'it happened once more: what was read before is read again',
    },
  ]);
  expect([await bench().text('a'), await bench().text('b')]).toEqual(['then', 'then']);
});

it('a step of a library that is not there cannot be undone, and the others are', async () => {
  const { outcome } = await bench().go(runbook);
  const foreign = runbookOf({ steps: [step('one', note, { name: 'a' })] });
  const undone = await bench().undo(foreign, outcome.run);
  expect(undone.outcome).toMatchObject({
    status: 'roll-back-incomplete',
    problems: [
      { message: 'two: no library offers test.setting' },
      { message: 'one: no library offers test.setting' },
    ],
  });
});

it('a run that is being undone is not gone on with', async () => {
  const { outcome } = await bench().go(runbook);
  await bench().put(configMap('a', { text: 'since' }));
  await bench().undo(runbook, outcome.run);
  const resumed = await bench().resume(runbook, outcome.run);
  expect(resumed.outcome).toMatchObject({
    status: 'refused',
    problems: [{ message: `run ${outcome.run} was being rolled back` }],
  });
});

it('a run that is killed and undone leads back, though its process never came to lock or release', async () => {
  await bench().put(configMap('a', { text: 'then' }));
  const identity = { run: 'killed-early', startedAt: new Date().toISOString() };
  const journals = crashingAt(bench().journals, 'action.ended');
  await expect(bench().go(runbook, { identity, journals })).rejects.toThrow(Killed);
  expect(await bench().text('a')).toBe('1');
  expect((await bench().undo(runbook, identity.run)).outcome).toMatchObject({ status: 'ok', problems: [] });
  expect(await bench().text('a')).toBe('then');
});

const reloading = runbookOf({
  steps: [
    step('one', setting, { name: 'a', value: '1' }),
    step('reload', reloadIfStale, { from: 'a', to: 'b' }),
  ],
});

/** A run that has changed what is read, and died before that was read again. */
async function diedBeforeReload(run: string) {
  await bench().put(configMap('a', { text: 'then' }));
  await bench().put(configMap('b', { text: 'then' }));
  const identity = { run, startedAt: new Date().toISOString() };
  const journals = crashingAt(bench().journals, 'step.verified');
  await expect(bench().go(reloading, { identity, journals })).rejects.toThrow(Killed);
  return identity;
}

it('a run that died before an event, which another run made happen, repeats it when it is rolled back', async () => {
  const identity = await diedBeforeReload('died-before-reload');
  const second = await bench().go(reloading, { breakLock: true });
  expect(second.outcome).toMatchObject({ status: 'ok' });
  expect([await bench().text('a'), await bench().text('b')]).toEqual(['1', '1']);
  expect((await bench().undo(reloading, second.outcome.run)).outcome).toMatchObject({ status: 'ok' });
  const first = await bench().undo(reloading, identity.run, { breakLock: true });
  expect(first.outcome).toMatchObject({ status: 'ok', problems: [] });
  expect(first.events.flatMap((event) => (event.type === 'step.reverted' ? [event.id] : []))).toEqual([
    'one',
    'reload',
  ]);
  expect([await bench().text('a'), await bench().text('b')], 'what runs has what is there').toEqual([
    'then',
    'then',
  ]);
});

it('a run that died before an event that never happened does not make it happen when it is rolled back', async () => {
  const identity = await diedBeforeReload('died-and-rolled-back');
  const undone = await bench().undo(reloading, identity.run, { breakLock: true });
  expect(undone.events.flatMap((event) => (event.type === 'step.reverted' ? [event.id] : []))).toEqual([
    'one',
  ]);
  expect([await bench().text('a'), await bench().text('b')]).toEqual(['then', 'then']);
});
