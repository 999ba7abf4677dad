import type { Connection } from '@claw-run/core';
import { ClawError } from '@claw-run/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { runbookOf, step, type Told, useBench } from './support/bench.ts';
import { configMap, setting } from './support/steps.ts';

// Somebody else changes what a run changes, in the worst moments.

const bench = useBench();
beforeEach(() => bench().remove('a', 'b', 'c'));

const runbook = runbookOf({
  onFailure: 'roll-back',
  steps: [step('one', setting, { name: 'a', value: '1' }), step('two', setting, { name: 'b', value: '2' })],
});

/** A cluster in which something happens around the action on a ConfigMap. */
function withOthers(
  name: string,
  { before, after }: { before?: () => Promise<unknown>; after?: () => Promise<unknown> },
): Connection<'cluster'> {
  const { connection } = bench();
  let happened = false;
  return {
    ...connection,
    async perform(action, options) {
      const mine = JSON.stringify(action).includes(`"name":"${name}"`) && !happened;
      if (mine) happened = true;
      if (mine) await before?.();
      const result = await connection.perform(action, options);
      if (mine) await after?.();
      return result;
    },
  };
}

/** A cluster that never answers to an action on a ConfigMap. */
function hangingOn(name: string): Connection<'cluster'> {
  const { connection } = bench();
  return {
    ...connection,
    perform: (action, options) =>
      JSON.stringify(action).includes(`"name":"${name}"`)
        ? new Promise(() => {})
        : connection.perform(action, options),
  };
}

const texts = async () => [await bench().text('a'), await bench().text('b')];
const reverted = ({ events }: Told) =>
  events.flatMap((event) => (event.type === 'step.reverted' ? [[event.id, event.outcome]] : []));

describe('an object that somebody creates before our creation of it', () => {
  it('is left where it is another, and all else is rolled back', async () => {
    const cluster = withOthers('b', { before: () => bench().put(configMap('b', { text: 'theirs' })) });
    const told = await bench().go(runbook, { connections: { cluster } });
    expect(told.outcome).toMatchObject({ status: 'rolled-back', problems: [{ code: 'conflict' }] });
    expect(reverted(told)).toEqual([
      ['two', 'settled'],
      ['one', 'reverted'],
    ]);
    expect(await texts()).toEqual([undefined, 'theirs']);
  });

  it('is as planned where it is the same, and stays theirs when the run is rolled back', async () => {
    const cluster = withOthers('b', { before: () => bench().put(configMap('b', { text: '2' })) });
    const { outcome } = await bench().go(runbook, { connections: { cluster } });
    expect(outcome).toMatchObject({ status: 'ok', problems: [] });
    expect((await bench().undo(runbook, outcome.run)).outcome).toMatchObject({ status: 'ok', problems: [] });
    expect(await texts()).toEqual([undefined, '2']);
  });
});

describe('a value that somebody changes', () => {
  beforeEach(() => bench().put(configMap('b', { text: 'then' })));

  it('right before our patch is theirs: nothing of ours is there to be rolled back', async () => {
    const cluster = withOthers('b', { before: () => bench().put(configMap('b', { text: 'theirs' })) });
    const told = await bench().go(runbook, { connections: { cluster } });
    expect(told.outcome).toMatchObject({ status: 'rolled-back' });
    expect(await texts()).toEqual([undefined, 'theirs']);
  });

  it('right before our patch is not written over by the next try', async () => {
    const again = runbookOf({
      onFailure: 'roll-back',
      steps: [
        {
          ...step('two', setting, { name: 'b', value: '2' }),
          retry: { attempts: 3, delaySeconds: 0, backoff: 1 },
        },
      ],
    });
    const cluster = withOthers('b', { before: () => bench().put(configMap('b', { text: 'theirs' })) });
    const { outcome } = await bench().go(again, { connections: { cluster } });
    expect(outcome.status).not.toBe('ok');
    expect(await bench().text('b')).toBe('theirs');
  });

  it('after our patch and before it is verified is a conflict, which only force rolls back', async () => {
    const cluster = withOthers('b', { after: () => bench().put(configMap('b', { text: 'theirs' })) });
    const told = await bench().go(runbook, { connections: { cluster } });
    expect(told.outcome).toMatchObject({ status: 'roll-back-incomplete', exit: 6 });
    expect(reverted(told)).toEqual([
      ['two', 'conflict'],
      ['one', 'reverted'],
    ]);
    expect(await texts()).toEqual([undefined, 'theirs']);
    const { outcome } = await bench().undo(runbook, told.outcome.run, { force: true });
    expect(outcome).toMatchObject({ status: 'ok', problems: [] });
    expect(await texts()).toEqual([undefined, 'then']);
  });

  it('after our answer was lost is not written over by a resumed run', async () => {
    const { connection } = bench();
    const cluster: Connection<'cluster'> = {
      ...connection,
      async perform(action, options) {
        await connection.perform(action, options);
        throw new ClawError('action-failed', 'the answer was lost');
      },
    };
    const two = runbookOf({ steps: [step('two', setting, { name: 'b', value: '2' })] });
    const { outcome } = await bench().go(two, { connections: { cluster } });
    expect(outcome).toMatchObject({ status: 'failed' });
    await bench().put(configMap('b', { text: 'theirs' }));
    const resumed = await bench().resume(two, outcome.run);
    expect(resumed.outcome).toMatchObject({
      status: 'failed',
      problems: [
        { code: 'conflict', message: expect.stringMatching(/^two: someone else has changed value since/) },
      ],
    });
    expect(await bench().text('b')).toBe('theirs');
  });
});

describe('the time of a run', () => {
  it('ends an action that hangs, and the run says so: nothing more is changed', async () => {
    const cluster = hangingOn('b');
    const over = new AbortController();
    const began = performance.now();
    const told = await bench().go(runbook, {
      connections: { cluster },
      signal: over.signal,
      emit: (event) => {
        if (event.type !== 'action.intended' || event.id !== 'two') return;
        over.abort(new ClawError('timeout', 'the run timed out after 1s (--timeout)'));
      },
    });
    expect(told.outcome).toMatchObject({ status: 'timed-out', exit: 9, problems: [{ code: 'timeout' }] });
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(await texts()).toEqual(['1', undefined]);
    expect((await bench().undo(runbook, told.outcome.run)).outcome).toMatchObject({ status: 'ok' });
    expect(await texts()).toEqual([undefined, undefined]);
  });

  it('of a step ends its action as well, and what its policy says follows', async () => {
    const cluster = hangingOn('b');
    const short = runbookOf({
      onFailure: 'roll-back',
      steps: [runbook.steps[0]!, { ...runbook.steps[1]!, timeoutSeconds: 0.2 }],
    });
    const { outcome } = await bench().go(short, { connections: { cluster } });
    expect(outcome).toMatchObject({
      status: 'rolled-back',
      problems: [{ code: 'timeout', message: 'two timed out after 0.2 s' }],
    });
    expect(await texts()).toEqual([undefined, undefined]);
  });
});
