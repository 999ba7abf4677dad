import { ClawError, type Connection, defineCheck, pass, runFact, unknown } from '@claw-run/core';
import { connectLocal } from '@claw-run/transports';
import { beforeEach, expect, it } from 'vitest';
import * as z from 'zod';
import { proof, runbookOf, step, useBench } from './support/bench.ts';
import { configMap, copy, labelled, setting, ticket } from './support/steps.ts';

const bench = useBench();
beforeEach(() => bench().remove('a', 'b', 'c', 'count'));

it('a dry run plans everything and writes nothing', async () => {
  let writes = 0;
  const { connection } = bench();
  const watched: Connection<'cluster'> = {
    ...connection,
    perform: (...args) => {
      writes += 1;
      return connection.perform(...args);
    },
    lock: (...args) => {
      writes += 1;
      return connection.lock(...args);
    },
  };
  const runbook = runbookOf({ steps: [step('one', setting, { name: 'a', value: '1' })] });
  const { outcome } = await bench().go(runbook, { mode: 'plan', connections: { cluster: watched } });
  expect(outcome).toMatchObject({ status: 'ok', exit: 0 });
  expect(outcome.steps[0]?.plan).toMatchObject({
    plan: 'change',
    because: 'ConfigMap a text does not exist yet; ConfigMap a is there differs',
    diff: [
      { path: ['ConfigMap a text'], before: null, after: '1' },
      { path: ['ConfigMap a is there'], before: false, after: true },
    ],
    actions: [{ do: 'create' }],
  });
  expect(writes).toBe(0);
  expect(await bench().text('a')).toBeUndefined();
  expect(await bench().journals.list()).not.toContain(outcome.run);
});

it('a step sees what an earlier one will have done, though it reads the object by another fact', async () => {
  await bench().put(configMap('b', { text: 'old', more: 'kept' }));
  const runbook = runbookOf({
    steps: [
      step('first', setting, { name: 'a', value: 'new' }),
      step('second', copy, { from: { name: 'a' }, to: { name: 'b' } }),
      step('third', copy, { from: { name: 'b' }, to: { name: 'b', key: 'again' } }),
    ],
  });
  const { outcome } = await bench().go(runbook, { mode: 'plan' });
  expect(outcome.steps.map(({ plan }) => (plan.plan === 'change' ? plan.diff : plan))).toEqual([
    [
      { path: ['ConfigMap a text'], before: null, after: 'new' },
      { path: ['ConfigMap a is there'], before: false, after: true },
    ],
    [{ path: ['ConfigMap b text'], before: 'old', after: 'new' }],
    [{ path: ['ConfigMap b again'], before: null, after: 'new' }],
  ]);
  const done = await bench().go(runbook);
  expect(done.outcome).toMatchObject({ status: 'ok', problems: [] });
  expect([await bench().text('b'), await bench().text('b', 'again')]).toEqual(['new', 'new']);
  expect((await bench().undo(runbook, done.outcome.run)).outcome.status).toBe('ok');
  expect([await bench().text('a'), await bench().text('b'), await bench().text('b', 'again')]).toEqual([
    undefined,
    'old',
    undefined,
  ]);
});

it('what cannot be foretold is decided when it is reached', async () => {
  const runbook = runbookOf({
    steps: [step('first', setting, { name: 'a', value: '1' }), step('second', labelled, { name: 'count' })],
  });
  const { outcome } = await bench().go(runbook, { mode: 'plan' });
  expect(outcome.steps[1]?.plan).toMatchObject({
    plan: 'change',
    deferred: 'ConfigMap list default counted=yes',
    because: 'planned once the steps before it have run: it needs ConfigMap list default counted=yes',
    actions: [],
  });
  const done = await bench().go(runbook);
  expect(done.outcome).toMatchObject({ status: 'ok', problems: [] });
  expect(await bench().text('count')).toBe('0');
  expect(
    done.events.filter(({ type }) => type === 'step.planned').map((event) => 'id' in event && event.id),
  ).toEqual(['first', 'second', 'second']);
});

it('a step whose condition is false is skipped, and says so', async () => {
  const runbook = runbookOf({
    steps: [
      step('out', setting, { name: 'a', value: '1' }, { if: () => false, ifText: 'causes.x.found' }),
      step('left', setting, { name: 'b', value: '1' }),
      step('in', setting, ({ steps }) => ({
        name: 'c',
        value: `${steps.out?.skipped} ${steps.left?.skipped}`,
      })),
    ],
  });
  const select = (id: string) => (id === 'left' ? 'left out by --skip' : undefined);
  const { outcome } = await bench().go(runbook, { select });
  expect(outcome.steps.map(({ plan }) => [plan.plan, plan.because])).toEqual([
    ['skipped', 'not needed: causes.x.found'],
    ['skipped', 'left out by --skip'],
    ['change', expect.any(String)],
  ]);
  expect(await bench().text('c')).toBe('true true');
  expect(await bench().text('a')).toBeUndefined();
});

it('what a step gives is foretold for a state', async () => {
  const runbook = runbookOf({
    steps: [
      step('first', setting, { name: 'a', value: '1' }),
      step('second', setting, ({ steps }) => ({
        name: 'b',
        value: `${JSON.stringify(steps.first?.output)}`,
      })),
    ],
  });
  const { outcome } = await bench().go(runbook);
  expect(outcome).toMatchObject({ status: 'ok', problems: [] });
  expect(await bench().text('b')).toBe('{"value":"1","name":"a"}');
});

it('what an event gives is waited for', async () => {
  const output = (steps: Record<string, { output?: unknown }>) => {
    const { number } = (steps.first?.output ?? {}) as { number?: string };
    if (number === undefined) throw new ClawError('value-missing', 'steps.first.output.number is not there');
    return number;
  };
  const runbook = runbookOf({
    steps: [
      step('first', ticket, { name: 'a' }),
      step('second', setting, ({ steps }) => ({ name: 'b', value: output(steps) }), {
        needs: ['steps.first'],
      }),
    ],
  });
  const { outcome } = await bench().go(runbook);
  expect(outcome.steps[1]?.plan).toMatchObject({ deferred: 'what an earlier step gives' });
  expect(outcome).toMatchObject({ status: 'ok', problems: [] });
  expect(await bench().text('b')).toBe(outcome.run);
});

it('a refused step keeps the whole run from starting', async () => {
  const runbook = runbookOf({
    steps: [
      step('good', setting, { name: 'a', value: '1' }),
      step('bad', copy, { from: { name: 'nowhere' }, to: { name: 'b' } }),
    ],
  });
  const { outcome } = await bench().go(runbook);
  expect(outcome).toMatchObject({
    status: 'refused',
    exit: 3,
    problems: [{ code: 'refused', message: 'ConfigMap nowhere has no text', hint: 'make it first' }],
  });
  expect(await bench().text('a')).toBeUndefined();
});

it.each([
  [['no-such-tool'], 'no-such-tool is not there on local, and the verification needs it'],
  [
    ['sh', '-c', 'echo {} | no-such-tool'],
    'no-such-tool is not there on local, and the verification needs it',
  ],
  [
    ['sh', '-c', 'exit 127'],
    'a program that `sh -c exit 127` needs is not there on local, and it does not say which (exit 127); the verification needs it',
  ],
] as const)(
  'a proof whose program is not there is refused before anything is touched: %j',
  async (argv, message) => {
    const works = defineCheck({
      id: 'test.tool-works',
      on: 'host',
      summary: 'A tool works',
      input: z.strictObject({}),
      examples: [],
      facts: () => ({ tool: runFact({ key: 'tool', argv, parse: ({ exit }) => exit }) }),
      expect: (_input, seen) => (seen.tool === 0 ? pass('it works') : unknown('it is not there')),
    });
    const runbook = runbookOf({
      targets: [
        { name: 'cluster', kind: 'cluster', many: false },
        { name: 'operator', kind: 'host', many: false },
      ],
      steps: [step('one', setting, { name: 'a', value: '1' })],
      verify: [proof('tool', works, {}, { on: 'operator' })],
    });
    const operator = connectLocal({ env: process.env, lockFolder: bench().folder });
    const { outcome } = await bench().go(runbook, { connections: { cluster: bench().connection, operator } });
    expect(outcome).toMatchObject({
      status: 'refused',
      exit: 3,
      problems: [
        {
          code: 'not-found',
          message,
        },
      ],
    });
    expect(await bench().text('a')).toBeUndefined();
  },
);
