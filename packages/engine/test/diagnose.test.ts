import { ClawError } from '@claw-run/core';
import { expect, it } from 'vitest';
import { runbookOf, step, use, useBench } from './support/bench.ts';
import { configMap, has, setting, value } from './support/steps.ts';

const bench = useBench();
const cause = (id: string, input: object | (() => unknown)) => use(id, has, input);

it('a cause is found when its check fails, excluded when it passes, and unknown when it cannot be told', async () => {
  await bench().put(configMap('diagnosed', { text: 'wrong' }));
  const runbook = runbookOf({
    causes: [
      cause('found', { name: 'diagnosed', value: 'right' }),
      cause('excluded', { name: 'diagnosed', value: 'wrong' }),
      cause('unknown', { name: 'nowhere', value: 'right' }),
      cause('broken', { name: 7 }),
    ],
  });
  const { outcome, events } = await bench().go(runbook, { mode: 'diagnose' });
  expect(outcome).toMatchObject({ status: 'unresolved', exit: 13 });
  expect(outcome.problems.map(({ code, message }) => [code, message.replace(/:.*/, '')])).toEqual([
    ['unresolved', 'found'],
    ['unresolved', 'unknown'],
    ['unresolved', 'broken'],
  ]);
  expect(outcome.causes.map(({ id, finding, because }) => [id, finding, because])).toEqual([
    ['found', 'found', 'it is wrong'],
    ['excluded', 'excluded', 'it is wrong'],
    ['unknown', 'unknown', 'there is no ConfigMap nowhere'],
    ['broken', 'unknown', expect.stringContaining('the inputs of broken (test.has) are wrong: name:')],
  ]);
  expect(events.find(({ type }) => type === 'cause')).toMatchObject({
    evidence: { because: 'it is wrong', details: { value: 'wrong' } },
  });
});

it('a cause whose condition is false is excluded, and says which', async () => {
  const excluded = use(
    'elsewhere',
    has,
    { name: 'x', value: 'y' },
    { if: () => false, ifText: 'params.namespace == "x"' },
  );
  const { outcome } = await bench().go(runbookOf({ causes: [excluded] }), { mode: 'diagnose' });
  expect(outcome.causes).toMatchObject([
    { finding: 'excluded', because: 'does not apply: params.namespace == "x"' },
  ]);
});

it('what is looked up is known to causes and steps', async () => {
  await bench().put(configMap('known', { text: 'now' }), configMap('other', { text: 'now' }));
  const runbook = runbookOf({
    lookups: [use('current', value, { name: 'known' })],
    causes: [use('same', has, ({ facts }) => ({ name: 'other', value: facts.current }))],
    steps: [step('set', setting, ({ facts }) => ({ name: 'set', value: `${facts.current}!` }))],
  });
  const { outcome, events } = await bench().go(runbook, { mode: 'plan' });
  expect(outcome.causes).toMatchObject([{ finding: 'excluded' }]);
  expect(outcome.steps).toMatchObject([{ with: { name: 'set', value: 'now!' }, plan: { plan: 'change' } }]);
  expect(events.find(({ type }) => type === 'fact')).toMatchObject({ id: 'current', value: 'now' });
});

it('a value that is not there is missed only by those who use it', async () => {
  const missing = () => {
    throw new ClawError('value-missing', 'facts.current is not there');
  };
  const runbook = runbookOf({
    lookups: [use('current', value, { name: 'nowhere' })],
    causes: [use('same', has, missing)],
    steps: [step('set', setting, missing), step('other', setting, { name: 'other', value: 'x' })],
  });
  const { outcome, events } = await bench().go(runbook, { mode: 'plan' });
  expect(events.find(({ type }) => type === 'fact')).toMatchObject({ because: 'it is not there' });
  expect(outcome.causes).toMatchObject([{ finding: 'unknown', because: 'facts.current is not there' }]);
  expect(outcome.steps.map(({ plan }) => plan.plan)).toEqual(['refused', 'change']);
  expect(outcome).toMatchObject({ status: 'refused', exit: 3 });
});
