import type { AnyEvent, AnyState, ChangePlan } from '@claw-run/core';
import { expect, it } from 'vitest';
import type { Play, Scene } from './bench.ts';
import { Crash, type CrashClass, type CrashPoint, crashClasses, crashingStore } from './crash.ts';
import {
  changeOf,
  expectEqual,
  expectOk,
  expectSame,
  expectSettled,
  isReversible,
  leavesTraces,
} from './expectations.ts';
import { law } from './law.ts';
import { sample } from './sampling.ts';
import { essence, type Snapshot } from './snapshot.ts';
import type { Subject } from './subject.ts';
import { newIdentity } from './trial.ts';

/** Ways to die that one run of the tests tries of a subject: few steps have more. */
const kills = 6;

/**
 * The law of crashes: wherever a run is killed, it can be resumed to its goal and rolled back to its start. One point of each
 * class is tried; the seed says which. Left out where a run that nobody kills has `failed` already.
 */
export function describeCrashes(
  subject: Subject,
  definition: AnyState | AnyEvent,
  { play, failed }: { readonly play: Play; readonly failed: () => boolean },
): void {
  const why = 'a run that nobody kills fails already';
  if (isReversible(definition)) {
    it('killed anywhere, it is resumed to its goal, and rolled back to its start', async ({ skip }) => {
      skip(failed(), why);
      await play(subject, (scene) => killAndRollBack(scene, definition, keyOf(subject)));
    });
  } else {
    it('killed anywhere, it is resumed to its goal', async ({ skip }) => {
      skip(failed(), why);
      await killInNewWorlds(subject, definition, play);
    });
  }
}

/** One world does for all: what was rolled back, and is proved to be, is where the next begins. */
export async function killAndRollBack(
  scene: Scene,
  definition: AnyState | AnyEvent,
  key: string,
): Promise<void> {
  const { trial } = scene;
  const start = await scene.snapshot();
  const { goal, plan, applying, undoing } = await whole(scene, start);
  const backAtStart = async (run: string) => {
    expectOk(await trial.undo(run));
    expectSame(await scene.snapshot(), start, plan);
  };
  const [forward, back] = [pointsOf(applying, key), pointsOf(undoing, key)];
  for (let at = 0; at < Math.max(forward.length, back.length); at += 1) {
    const killedAt = forward[at % forward.length]!;
    const undoKilledAt = back[at % back.length]!;
    const identity = await kill(scene, killedAt);
    await law(`killed ${where(killedAt)} and resumed, it reaches its goal`, async () => {
      expectOk(await trial.resume(identity.run));
      if (leavesTraces(definition)) await expectSettled(scene, identity);
      if (definition.type === 'state')
        expectEqual(essence(await scene.snapshot(), { recreated: true }), goal);
    });
    await law(`its rollback killed ${where(undoKilledAt)}, and begun again, leads to its start`, async () => {
      const store = crashingStore(trial.journals, undoKilledAt);
      await expect(trial.undo(identity.run, store)).rejects.toThrow(Crash);
      await backAtStart(identity.run);
    });
  }
  // with nothing begun or all verified, a rollback does what that of a whole run does
  const halfWay = applying.filter(({ history: { begun } }) => begun.some(({ verified }) => !verified));
  for (const point of pointsOf(halfWay, key)) {
    const { run } = await kill(scene, point);
    await law(`killed ${where(point)} and rolled back, it is at its start`, () => backAtStart(run));
  }
}

interface Whole {
  readonly plan: ChangePlan;
  /** What a run leads to that nobody kills. */
  readonly goal: Snapshot;
  readonly applying: readonly CrashClass[];
  readonly undoing: readonly CrashClass[];
}

/** A run that nobody kills, and its rollback. */
async function whole(scene: Scene, start: Snapshot): Promise<Whole> {
  const { trial } = scene;
  const identity = newIdentity();
  const { run } = identity;
  const outcome = await trial.apply(identity);
  expectOk(outcome);
  const plan = changeOf(outcome.steps[0]!);
  const goal = essence(await scene.snapshot(), { recreated: true });
  const applied = await trial.records(run);
  expectOk(await trial.undo(run));
  expectSame(await scene.snapshot(), start, plan);
  const undone = (await trial.records(run)).slice(applied.length);
  return { plan, goal, applying: opened(crashClasses(applied)), undoing: crashClasses(undone, applied) };
}

/** Each class in a world of its own. */
async function killInNewWorlds(subject: Subject, definition: AnyState | AnyEvent, play: Play): Promise<void> {
  let classes: readonly CrashClass[] = [];
  await play(subject, async ({ trial }) => {
    const identity = newIdentity();
    expectOk(await trial.apply(identity));
    classes = opened(crashClasses(await trial.records(identity.run)));
  });
  for (const point of pointsOf(classes, keyOf(subject))) {
    await play(subject, async (scene) => {
      const identity = await kill(scene, point);
      await law(`killed ${where(point)} and resumed, it reaches its goal`, async () => {
        expectOk(await scene.trial.resume(identity.run));
        if (leavesTraces(definition)) await expectSettled(scene, identity);
      });
    });
  }
}

function keyOf({ definition, title }: Subject): string {
  return `${definition.id} ${title}`;
}

/** Before the journal says what was planned, nothing was touched that a step knows of. */
function opened(classes: readonly CrashClass[]): readonly CrashClass[] {
  return classes.filter(({ history }) => history.opened !== undefined);
}

function pointsOf(classes: readonly CrashClass[], key: string): readonly CrashPoint[] {
  return sample(classes, kills, { key }).flatMap(({ points }) => sample(points, 1, { key }));
}

async function kill({ trial }: Scene, point: CrashPoint): Promise<ReturnType<typeof newIdentity>> {
  const identity = newIdentity();
  await law(`a run can be killed ${where(point)}`, () =>
    expect(trial.apply(identity, crashingStore(trial.journals, point))).rejects.toThrow(Crash),
  );
  return identity;
}

function where({ side, record }: CrashPoint): string {
  return `${side} record ${record}`;
}
