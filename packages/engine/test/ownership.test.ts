import { expect, it } from 'vitest';
import { type Decisions, unattended } from '../src/index.ts';
import { runbookOf, step, type Told, useBench } from './support/bench.ts';
import { setting } from './support/steps.ts';

const bench = useBench();

const runbook = runbookOf({
  steps: [
    step('one', setting, { name: 'owned', value: '1' }),
    step('two', setting, { name: 'other', value: '2' }),
  ],
});

/** What is done before the second step of a run, which waits for it. */
function meanwhile(work: () => Promise<unknown>): Decisions {
  return {
    ...unattended,
    confirmStep: async ({ id }) => {
      if (id === 'two') await work();
      return 'yes';
    },
  };
}

const texts = async () => [await bench().text('owned'), await bench().text('other')];

it('a run that a living process has is neither resumed nor rolled back, and goes on untouched', async () => {
  const others: Told[] = [];
  const identity = { run: 'owned-run', startedAt: new Date().toISOString() };
  const decisions = meanwhile(async () => {
    others.push(await bench().resume(runbook, identity.run), await bench().undo(runbook, identity.run));
  });
  const { outcome } = await bench().go(runbook, { identity, decisions });
  expect(others).toHaveLength(2);
  for (const { outcome: other } of others) {
    expect(other).toMatchObject({ status: 'locked', exit: 11, problems: [{ code: 'locked' }] });
    const [problem] = other.problems;
    expect(problem?.message).toMatch(
      new RegExp(`^owned-run belongs to process ${process.pid} on .*, since .*: it is at the step one$`),
    );
    expect(problem?.hint).toContain('claw-run attach owned-run');
  }
  expect(outcome).toMatchObject({ status: 'ok', problems: [] });
  expect(await texts()).toEqual(['1', '2']);
  const journal = await bench().journals.open(identity.run);
  expect(await journal.owner()).toBeUndefined();
  await journal.close();
  expect((await bench().undo(runbook, identity.run)).outcome).toMatchObject({ status: 'ok' });
  expect(await texts()).toEqual([undefined, undefined]);
});

it('where the run was taken from it, a process does nothing more and says so', async () => {
  const identity = { run: 'taken-run', startedAt: new Date().toISOString() };
  const decisions = meanwhile(async () => {
    const journal = await bench().journals.open(identity.run);
    expect(await journal.take({ force: true })).toBeUndefined();
    await journal.close();
  });
  const { outcome, events } = await bench().go(runbook, { identity, decisions });
  expect(outcome).toMatchObject({ status: 'failed', exit: 1, problems: [{ code: 'lock-lost' }] });
  expect(events.at(-1)).toMatchObject({ type: 'run.ended', status: 'failed' });
  expect(await texts()).toEqual(['1', undefined]);
  expect((await bench().undo(runbook, identity.run)).outcome).toMatchObject({ status: 'ok' });
  expect(await texts()).toEqual([undefined, undefined]);
});
