import type { PlannedStep, Problem } from '@claw-run/core';
import { beforeEach, expect, it } from 'vitest';
import { runbookOf, step, useBench } from './support/bench.ts';
import { configMap, note, setting } from './support/steps.ts';

const bench = useBench();
beforeEach(() => bench().remove('a', 'noted'));

const runbook = runbookOf({
  steps: [step('one', setting, { name: 'a', value: '1' }), step('note', note, { name: 'noted' })],
});

/** Holds a plan to one that was saved as JSON. */
function agreedTo(saved: string) {
  return (planned: readonly PlannedStep[]): Problem | undefined =>
    JSON.stringify(planned) === saved
      ? undefined
      : { code: 'stale-plan', message: 'it is another plan by now' };
}

it('a saved plan is carried out as it was agreed to, by its own id and time', async () => {
  const planned = await bench().go(runbook, { mode: 'plan' });
  const { run, startedAt, steps } = planned.outcome;
  const agreed = agreedTo(JSON.stringify(steps));
  const { outcome } = await bench().go(runbook, { identity: { run, startedAt }, agreed });
  expect(outcome).toMatchObject({ status: 'ok', run, startedAt, problems: [] });
  expect(await bench().text('noted')).toBe(run);
});

it('a saved plan is refused once the world has moved, and nothing is touched', async () => {
  await bench().put(configMap('a', { text: 'then' }));
  const planned = await bench().go(runbook, { mode: 'plan' });
  const { run, startedAt, steps } = planned.outcome;
  await bench().put(configMap('a', { text: 'meanwhile' }));
  const agreed = agreedTo(JSON.stringify(steps));
  const { outcome } = await bench().go(runbook, { identity: { run, startedAt }, agreed });
  expect(outcome).toMatchObject({
    status: 'stale-plan',
    exit: 7,
    problems: [{ message: 'it is another plan by now' }],
  });
  expect([await bench().text('a'), await bench().text('noted')]).toEqual(['meanwhile', undefined]);
});
