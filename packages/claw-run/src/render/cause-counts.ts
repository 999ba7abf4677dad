import type { RunEvent } from '@claw-run/engine';
import type { CauseCounts } from './ending.ts';

type Cause = Extract<RunEvent, { type: 'cause' }>;

/** Counts causes as they were told last: before the fix, or after it. */
export function causeCounts(told: readonly Pick<Cause, 'id' | 'finding'>[]): CauseCounts {
  const last = [...new Map(told.map(({ id, finding }) => [id, finding])).values()];
  const of = (finding: Cause['finding']) => last.filter((each) => each === finding).length;
  return { all: last.length, found: of('found'), unknown: of('unknown') };
}
