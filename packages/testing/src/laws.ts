import type { AnyEvent, AnyState, Connection, Definition } from '@claw-run/core';
import { describe, expect, it } from 'vitest';
import { describeAnswers } from './answer-laws.ts';
import { type Play, useBench } from './bench.ts';
import { describeCrashes } from './crash-laws.ts';
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
import { describeRandomWorlds } from './random-laws.ts';
import type { Subject } from './subject.ts';
import { newIdentity } from './trial.ts';

export interface LawOptions {
  /** Opens a connection to the target that the laws are tried on; closed at the end of the suite. */
  readonly connect: () => Promise<Connection>;
  /** Whether runs are killed as well, at every moment that matters: it takes the most of the time. True where absent. */
  readonly crashes?: boolean;
  /** Random worlds for each subject that has arbitraries; 20 where absent. */
  readonly runs?: number;
}

/**
 * Registers the laws that every step keeps as tests: observing changes nothing, what was applied is settled and is what was
 * predicted, undo leads back, a run killed anywhere can be ended either way, everything is JSON, examples parse, and every
 * plan says why.
 */
export function describeLaws(subjects: readonly Subject[], options: LawOptions): void {
  for (const [definition, uses] of Map.groupBy(subjects, (subject) => subject.definition)) {
    describe(definition.id, () => {
      const play = useBench(options.connect);
      describeExamples(definition);
      for (const subject of uses) {
        describe(subject.title, () => describeSubject(subject, play, options));
      }
    });
  }
}

function describeExamples(definition: Definition): void {
  it('has examples, and each parses', () => {
    expect(definition.examples.length).toBeGreaterThan(0);
    for (const example of definition.examples) {
      const parsed = definition.input.safeParse(example.with);
      expect(parsed.error?.issues ?? [], example.title).toEqual([]);
      expect(() => definition.facts(parsed.data), example.title).not.toThrow();
    }
  });
}

function describeSubject(subject: Subject, play: Play, { runs = 20, crashes = true }: LawOptions): void {
  const { definition } = subject;
  if (definition.type === 'check' || definition.type === 'lookup') {
    describeAnswers(subject, definition, play);
    return;
  }
  describePlanning(subject, play);
  if ((subject.plans ?? 'change') === 'change') {
    describeChange(subject, definition, play);
    if (crashes) describeCrashes(subject, definition, play);
  } else {
    describeNoChange(subject, play);
  }
  if (subject.inputs !== undefined || subject.givens !== undefined) {
    describeRandomWorlds(subject, definition, { play, runs });
  }
}

function describePlanning(subject: Subject, play: Play): void {
  it('planning it twice gives the same plan, and changes nothing', () =>
    play(subject, async ({ trial, snapshot }) => {
      const before = await snapshot();
      const identity = newIdentity();
      const first = await trial.plan(identity);
      const second = await trial.plan(identity);
      expect({ plan: first.plan.plan, because: first.plan.because }).toMatchObject({
        plan: subject.plans ?? 'change',
      });
      expectEqual(second, first);
      expect(trial.performed()).toBe(0);
      expectEqual(await snapshot(), before);
    }));

  it('its state and its plan are JSON, and the plan says why', () =>
    play(subject, async ({ trial, observe }) => {
      const { seen } = await observe();
      const planned = await trial.plan();
      expectJson(seen, 'the observation');
      expectJson(planned, 'the plan');
      expectReason(planned);
    }));
}

function describeChange(subject: Subject, definition: AnyState | AnyEvent, play: Play): void {
  it('what was applied is what was predicted, and is settled', () =>
    play(subject, async (scene) => {
      const identity = newIdentity();
      const plan = changeOf(await scene.trial.plan(identity));
      expectOk(await scene.trial.apply(identity));
      await expectAsPredicted(scene, plan);
      if (leavesTraces(definition)) await expectSettled(scene, identity);
    }));

  it('the journal gives back the plan and the states as they were', () =>
    play(subject, async ({ trial }) => {
      const identity = newIdentity();
      const { steps } = await trial.apply(identity);
      const records = await trial.records(identity.run);
      const opened = records.find(({ type }) => type === 'journal.opened');
      expectEqual(opened?.type === 'journal.opened' && opened.steps, steps);
      const observed = records.find(({ type }) => type === 'step.observed');
      if (observed?.type !== 'step.observed') return expect.unreachable('nothing was observed');
      expectEqual(observed.before, changeOf(observed.step).before);
      expectEqual(observed.after, changeOf(observed.step).after);
    }));

  if (!isReversible(definition)) return;
  it('what was applied and undone is as it was before', () =>
    play(subject, async ({ trial, snapshot }) => {
      const before = await snapshot();
      const identity = newIdentity();
      const { steps } = await trial.apply(identity);
      expectOk(await trial.undo(identity.run));
      expectSame(await snapshot(), before, changeOf(steps[0]!));
    }));
}

function describeNoChange(subject: Subject, play: Play): void {
  it('running it changes nothing', () =>
    play(subject, async ({ trial, snapshot }) => {
      const before = await snapshot();
      const { status } = await trial.apply();
      expect(status).toBe(subject.plans === 'refused' ? 'refused' : 'ok');
      expect(trial.performed()).toBe(0);
      expectEqual(await snapshot(), before);
    }));
}
