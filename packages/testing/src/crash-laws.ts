import type { AnyEvent, AnyState } from '@claw-run/core';
import { foldJournal } from '@claw-run/engine';
import { expect, it } from 'vitest';
import type { Play, Scene } from './bench.ts';
import { Crash, type CrashPoint, crashingStore, crashPoints } from './crash.ts';
import {
  changeOf,
  expectEqual,
  expectOk,
  expectSame,
  expectSettled,
  isReversible,
  leavesTraces,
} from './expectations.ts';
import { essence } from './snapshot.ts';
import type { Subject } from './subject.ts';
import { type Identity, newIdentity } from './trial.ts';

/** The law of crashes: wherever a run is killed, it can be brought to its goal, and back to its start. */
export function describeCrashes(subject: Subject, definition: AnyState | AnyEvent, play: Play): void {
  it('killed anywhere, a resumed run reaches the goal', async () => {
    let goal: unknown;
    const points = await pointsOf(subject, play, async (scene) => {
      goal = essence(await scene.snapshot(), { recreated: true });
    });
    for (const point of points) {
      await play(subject, async (scene) => {
        const identity = newIdentity();
        if (!(await killed(scene, identity, point))) return;
        expectOk(await scene.trial.resume(identity.run));
        if (leavesTraces(definition)) await expectSettled(scene, identity);
        if (definition.type === 'state')
          expectEqual(essence(await scene.snapshot(), { recreated: true }), goal);
      });
    }
  });

  if (!isReversible(definition)) return;

  it('killed anywhere, a run that is undone leads back to its start', async () => {
    for (const point of await pointsOf(subject, play)) {
      await play(subject, async (scene) => {
        const before = await scene.snapshot();
        const identity = newIdentity();
        const plan = changeOf(await scene.trial.plan(identity));
        if (await killed(scene, identity, point)) expectOk(await scene.trial.undo(identity.run));
        expectSame(await scene.snapshot(), before, plan);
      });
    }
  });

  it('undoing that is killed anywhere, and undone again, leads back to the start', async () => {
    for (const point of await undoPointsOf(subject, play)) {
      await play(subject, async (scene) => {
        const before = await scene.snapshot();
        const identity = newIdentity();
        const { steps } = await scene.trial.apply(identity);
        const store = crashingStore(scene.trial.journals, point);
        await expect(scene.trial.undo(identity.run, store)).rejects.toThrow(Crash);
        expectOk(await scene.trial.undo(identity.run));
        expectSame(await scene.snapshot(), before, changeOf(steps[0]!));
      });
    }
  });
}

/** Kills a run at a point. False where its journal does not even say what was planned: then nothing may have been touched. */
async function killed(scene: Scene, identity: Identity, point: CrashPoint): Promise<boolean> {
  const { trial } = scene;
  const before = point.record === 0 ? await scene.snapshot() : undefined;
  await expect(trial.apply(identity, crashingStore(trial.journals, point))).rejects.toThrow(Crash);
  const { opened } = foldJournal(await trial.records(identity.run));
  if (opened === undefined && before !== undefined) expectEqual(await scene.snapshot(), before);
  return opened !== undefined;
}

/** The points of a run that is not killed. */
async function pointsOf(
  subject: Subject,
  play: Play,
  after?: (scene: Scene) => Promise<void>,
): Promise<readonly CrashPoint[]> {
  let points: readonly CrashPoint[] = [];
  await play(subject, async (scene) => {
    const identity = newIdentity();
    expectOk(await scene.trial.apply(identity));
    points = crashPoints(await scene.trial.records(identity.run));
    await after?.(scene);
  });
  return points;
}

/** The points of undoing, counted from its own first record. */
async function undoPointsOf(subject: Subject, play: Play): Promise<readonly CrashPoint[]> {
  let points: readonly CrashPoint[] = [];
  await play(subject, async ({ trial }) => {
    const identity = newIdentity();
    expectOk(await trial.apply(identity));
    const { length } = await trial.records(identity.run);
    expectOk(await trial.undo(identity.run));
    points = crashPoints((await trial.records(identity.run)).slice(length));
  });
  return points;
}
