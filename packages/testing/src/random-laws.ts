import type { AnyEvent, AnyState } from '@claw-run/core';
import fc from 'fast-check';
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
import type { Subject } from './subject.ts';
import { newIdentity } from './trial.ts';

/** The laws that one run can show, from any world that the arbitraries give, with any inputs. */
export function describeRandomWorlds(
  subject: Subject,
  definition: AnyState | AnyEvent,
  { play, runs }: { readonly play: Play; readonly runs: number },
): void {
  const inputs = subject.inputs ?? fc.constant(subject.with);
  const givens = subject.givens ?? fc.constant(subject.given ?? []);
  it(`keeps the laws in ${runs} random worlds`, async () => {
    const property = fc.asyncProperty(inputs, givens, (input, given) =>
      play(subject, (scene) => keepsLaws(scene, definition), { with: input, given }),
    );
    await fc.assert(property, { numRuns: runs });
  }, 120_000);
}

/** Plans, does and undoes a step in a scene, and expects every law that one run can show. */
export async function keepsLaws(scene: Scene, definition: AnyState | AnyEvent): Promise<void> {
  const { trial } = scene;
  const before = await scene.snapshot();
  const identity = newIdentity();
  const planned = await trial.plan(identity);
  expectReason(planned);
  expectJson(planned, 'the plan');
  expectJson((await scene.observe()).seen, 'the observation');
  expectEqual(await scene.snapshot(), before);
  const outcome = await trial.apply(identity);
  if (planned.plan.plan !== 'change') {
    expect(outcome.status).toBe(planned.plan.plan === 'refused' ? 'refused' : 'ok');
    expect(trial.performed()).toBe(0);
    expectEqual(await scene.snapshot(), before);
    return;
  }
  const plan = changeOf(planned);
  expectOk(outcome);
  await expectAsPredicted(scene, plan);
  if (leavesTraces(definition)) await expectSettled(scene, identity);
  if (!isReversible(definition)) return;
  expectOk(await trial.undo(identity.run));
  expectSame(await scene.snapshot(), before, plan);
}
