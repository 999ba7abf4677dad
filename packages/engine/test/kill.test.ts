import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { foldJournal } from '../src/index.ts';
import { useBench } from './support/bench.ts';
import { killAt, type Moment, type Victim } from './support/kill.ts';
import { configMap } from './support/steps.ts';
import { threeSteps } from './support/three-steps.ts';

const bench = useBench();
let count = 0;

/** Sets the world back, and a process that runs the three steps in it. */
async function newVictim(): Promise<Victim> {
  count += 1;
  const kubeconfig = join(bench().folder, '..', 'kubeconfig-victim');
  await writeFile(kubeconfig, bench().server.kubeconfig, { mode: 0o600 });
  await bench().remove('made', 'noted');
  await bench().put(configMap('changed', { text: 'then' }));
  return { kubeconfig, folder: bench().folder, run: `victim-${count}` };
}

const world = async () => Promise.all(['made', 'noted', 'changed'].map((name) => bench().text(name)));
const start = [undefined, undefined, 'then'];

const told = ['run.started', 'step.planned', 'run.confirmed'];

/** Before each record that is not only told of planning, and between each announcement and its action. */
async function momentsThatMatter(): Promise<readonly Moment[]> {
  const moments = await killAt(await newVictim(), () => false);
  return moments.filter(({ side, type, record }) =>
    side === 'before' ? record === 0 || !told.includes(type) : type === 'action.intended',
  );
}

it('killed by SIGKILL at any record, a run is gone on with to its goal, and taken back from there', async () => {
  for (const moment of await momentsThatMatter()) {
    const { victim, opened } = await killed(moment);
    if (!opened) continue;
    const resumed = await bench().resume(threeSteps, victim.run);
    expect(resumed.outcome, where(moment)).toMatchObject({ status: 'ok', problems: [] });
    expect(await world(), where(moment)).toEqual(['1', victim.run, 'now']);
    expect((await bench().undo(threeSteps, victim.run)).outcome, where(moment)).toMatchObject({
      status: 'ok',
    });
    expect(await world(), where(moment)).toEqual(start);
  }
}, 120_000);

it('killed by SIGKILL around any action, a run is taken back to its start', async () => {
  const moments = await momentsThatMatter();
  for (const moment of moments.filter(({ type }) => type.startsWith('action.'))) {
    const { victim, opened } = await killed(moment);
    if (!opened) continue;
    const undone = await bench().undo(threeSteps, victim.run);
    expect(undone.outcome, where(moment)).toMatchObject({ status: 'ok', problems: [] });
    expect(await world(), where(moment)).toEqual(start);
  }
}, 120_000);

const where = ({ side, record, type }: Moment) => `killed ${side} record ${record}, ${type}`;

/** Kills a victim at a moment. Where its journal does not say what was planned, nothing may have been touched. */
async function killed({ record, side }: Moment): Promise<{ victim: Victim; opened: boolean }> {
  const victim = await newVictim();
  await killAt(victim, (moment) => moment.record === record && moment.side === side);
  const journal = await bench().journals.open(victim.run);
  await journal.close();
  const opened = foldJournal(journal.records).opened !== undefined;
  if (!opened) {
    expect(await world()).toEqual(start);
    const { outcome } = await bench().go(threeSteps, { breakLock: true });
    expect(outcome).toMatchObject({ status: 'ok', problems: [] });
  }
  return { victim, opened };
}
