import type { AnyEvent, AnyState, ChangePlan, PlannedStep } from '@claw-run/core';
import { expect, it } from 'vitest';
import type { Play, Scene } from './bench.ts';
import {
  changeOf,
  expectAsPredicted,
  expectEqual,
  expectJson,
  expectOk,
  expectReason,
  expectSame,
  expectSettled,
  isReversible,
  leavesTraces,
} from './expectations.ts';
import { law } from './law.ts';
import type { Snapshot } from './snapshot.ts';
import type { Subject } from './subject.ts';
import { type Identity, newIdentity } from './trial.ts';

/** The laws that one run can show, in the world of a subject. Whether they held can be asked for once they were tried. */
export function describeOneRun(
  subject: Subject,
  definition: AnyState | AnyEvent,
  play: Play,
): { readonly failed: () => boolean } {
  const wanted = subject.plans ?? 'change';
  let failed = false;
  it(wanted === 'change' ? 'keeps the laws of one run' : `is ${wanted}, and changes nothing`, () =>
    play(subject, async (scene) => {
      failed = true;
      const { plan } = await keepsLaws(scene, definition);
      expect({ plan: plan.plan, because: plan.because }).toMatchObject({ plan: wanted });
      failed = false;
    }),
  );
  return { failed: () => failed };
}

/** Plans, applies and rolls back a step in one world, and expects every law that one run can show. */
export async function keepsLaws(scene: Scene, definition: AnyState | AnyEvent): Promise<PlannedStep> {
  const before = await scene.snapshot();
  const identity = newIdentity();
  const planned = await scene.trial.plan(identity);
  await law('a plan says why, and is JSON', async () => {
    expectReason(planned);
    expectJson(planned, 'the plan');
    expectJson((await scene.observe()).seen, 'the observation');
  });
  await law('planned twice is the same plan', async () =>
    expectEqual(await scene.trial.plan(identity), planned),
  );
  await law('planning changes nothing', () => expectUntouched(scene, before));
  if (planned.plan.plan === 'change')
    await appliesAndRollsBack(scene, definition, { planned, identity, before });
  else await leavesAlone(scene, { planned, identity, before });
  return planned;
}

interface Start {
  readonly planned: PlannedStep;
  readonly identity: Identity;
  readonly before: Snapshot;
}

async function leavesAlone(scene: Scene, { planned, identity, before }: Start): Promise<void> {
  await law('what is not to change is not changed', async () => {
    const { status } = await scene.trial.apply(identity);
    expect(status).toBe(planned.plan.plan === 'refused' ? 'refused' : 'ok');
    await expectUntouched(scene, before);
  });
}

async function appliesAndRollsBack(
  scene: Scene,
  definition: AnyState | AnyEvent,
  { planned, identity, before }: Start,
): Promise<void> {
  const { trial } = scene;
  const outcome = await trial.apply(identity);
  await law('what is planned can be applied', () => expectOk(outcome));
  const plan = changeOf(planned);
  await law('what was predicted is observed', () => expectAsPredicted(scene, plan));
  await law('the journal gives back the plan and the states', () =>
    expectKept(scene, identity, outcome.steps),
  );
  if (leavesTraces(definition))
    await law('what was applied needs no change', () => expectSettled(scene, identity));
  if (!isReversible(definition)) return;
  await law('what was rolled back is as it was before', async () => {
    expectOk(await trial.undo(identity.run));
    expectSame(await scene.snapshot(), before, plan);
  });
}

/** Nothing was performed, and not even a resourceVersion moved. */
async function expectUntouched(scene: Scene, before: Snapshot): Promise<void> {
  expect(scene.trial.performed()).toBe(0);
  expectEqual(await scene.snapshot(), before);
}

async function expectKept({ trial }: Scene, { run }: Identity, steps: readonly PlannedStep[]): Promise<void> {
  const records = await trial.records(run);
  const opened = records.find(({ type }) => type === 'journal.opened');
  expectEqual(opened?.type === 'journal.opened' && opened.steps, steps);
  const observed = records.find(({ type }) => type === 'step.observed');
  if (observed?.type !== 'step.observed') return expect.unreachable('nothing was observed');
  const { before, after }: Pick<ChangePlan, 'before' | 'after'> = changeOf(observed.step);
  expectEqual({ before: observed.before, after: observed.after }, { before, after });
}
