import type { AnyEvent, AnyState, Definition, PlannedStep } from '@claw-run/core';
import { it } from 'vitest';
import { describeAnswers } from '../answer-laws.ts';
import { type Play, useBench } from '../bench.ts';
import { killAndRollBack } from '../crash-laws.ts';
import { isReversible } from '../expectations.ts';
import type { LawOptions } from '../laws.ts';
import { keepsLaws } from '../one-run.ts';
import type { Subject } from '../subject.ts';
import { moot } from './told.ts';

/**
 * Examples as they are, in a world where nothing is that they read: those that plan a change there are held to the laws, and of the others it is told that
 * they need a world. `hasWorlds`: there are subjects of this definition, so that nothing is missing where an example shows nothing.
 */
export function describeExampleUses(
  definition: Definition,
  hasWorlds: boolean,
  { connect, crashes = true }: LawOptions,
): void {
  const uses = definition.examples.flatMap(({ title, with: given }): readonly Subject[] =>
    definition.input.safeParse(given).success
      ? [{ title: `example: ${title}`, definition, with: given as Subject['with'] }]
      : [],
  );
  if (uses.length === 0) return;
  const play = useBench(connect);
  for (const subject of uses) {
    if (definition.type === 'check' || definition.type === 'lookup')
      describeAnswers(subject, definition, play);
    else describeChange(subject, definition, { play, hasWorlds, crashes });
  }
}

function describeChange(
  subject: Subject,
  definition: AnyState | AnyEvent,
  { play, hasWorlds, crashes }: { play: Play; hasWorlds: boolean; crashes: boolean },
): void {
  it(`${subject.title}, where nothing is`, async ({ task, skip }) => {
    let lacks: string | undefined;
    await play(subject, async (scene) => {
      lacks = lackOf(await scene.trial.plan().catch((error: Error) => error));
      if (lacks !== undefined) return;
      try {
        await keepsLaws(scene, definition);
        if (crashes && isReversible(definition))
          await killAndRollBack(scene, definition, `${definition.id} ${subject.title}`);
      } catch (error) {
        lacks = notServed(error);
        if (lacks === undefined) throw error;
      }
    });
    if (lacks === undefined) return;
    if (hasWorlds) moot(task);
    else skip(`needs a world: export \`subjects\` (${lacks})`);
  });
}

function lackOf(planned: PlannedStep | Error): string | undefined {
  if (planned instanceof Error) return `where nothing is, it cannot be planned: ${planned.message}`;
  const { plan } = planned;
  if (plan.plan === 'change') return undefined;
  return `where nothing is, it is ${plan.plan}: ${plan.because}`;
}

/** A kind that the API server does not have is of its world. */
function notServed(error: unknown): string | undefined {
  const message = error instanceof Error ? error.message : '';
  const [, kind] =
    /cannot \w+ (\S+) \S+: the server could not find the requested resource/.exec(message) ?? [];
  return kind === undefined ? undefined : `the API server has no ${kind}`;
}
