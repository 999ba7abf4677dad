import type { Connection, Definition } from '@claw-run/core';
import { describe, expect, it } from 'vitest';
import { describeAnswers } from './answer-laws.ts';
import { type Play, useBench } from './bench.ts';
import { describeCrashes } from './crash-laws.ts';
import { describeOneRun } from './one-run.ts';
import { describeRandomWorlds } from './random-laws.ts';
import type { Subject } from './subject.ts';

export interface LawOptions {
  /** Opens a connection to the target that the laws are tried on; closed at the end of the suite. */
  readonly connect: () => Promise<Connection>;
  /** Whether runs are killed as well, at each kind of moment. True where absent. */
  readonly crashes?: boolean;
  /** Random worlds for each subject that has arbitraries; 20 where absent. */
  readonly runs?: number;
}

/**
 * Registers the laws that every step keeps as tests: planning changes nothing, what was applied needs no change and is what was
 * predicted, what was rolled back is as before, a run killed anywhere can be ended either way, everything is JSON, examples
 * parse, and every plan says why.
 */
export function describeLaws(subjects: readonly Subject[], options: LawOptions): void {
  for (const [definition, uses] of Map.groupBy(subjects, (subject) => subject.definition)) {
    describe(definition.id, () => {
      describeExamples(definition);
      describeUses(uses, options);
    });
  }
}

/** Registers the laws of the uses of one definition, which share a connection. */
export function describeUses(uses: readonly Subject[], options: LawOptions): void {
  const play = useBench(options.connect);
  for (const subject of uses) {
    describe(subject.title, () => describeSubject(subject, play, options));
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
  const { failed } = describeOneRun(subject, definition, play);
  const isKilled = crashes && (subject.crashes ?? true) && (subject.plans ?? 'change') === 'change';
  if (isKilled) describeCrashes(subject, definition, { play, failed });
  if (subject.inputs !== undefined || subject.givens !== undefined) {
    describeRandomWorlds(subject, definition, { play, runs });
  }
}
