import type { AnyEvent, AnyState } from '@claw-run/core';
import fc from 'fast-check';
import { it } from 'vitest';
import type { Play } from './bench.ts';
import { keepsLaws } from './one-run.ts';
import type { Subject } from './subject.ts';

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
      play(subject, async (scene) => void (await keepsLaws(scene, definition)), { with: input, given }),
    );
    await fc.assert(property, { numRuns: runs });
  }, 120_000);
}
