import { expect } from 'vitest';
import { type Bench, changing, found, type Told, told } from './try-runbook.ts';

/** One broken world, and how it is looked at. */
export interface WholeWay {
  readonly bench: Pick<Bench, 'go' | 'undo'>;
  /** The ids of the causes that it has. None: it is healthy. */
  readonly causes: readonly string[];
  /** Everything that the runbook may change, to the byte. */
  readonly snapshot: () => Promise<unknown>;
  /** Who changed what last, where that can be told. */
  readonly times?: () => Promise<string>;
  /** That it is mended, by other means than the runbook's own; throws where it is not. */
  readonly proof?: () => Promise<void>;
  /** What a list of found causes counts as, where one fault may show as either of two. */
  readonly counted?: (causes: readonly string[]) => readonly string[];
}

/** A dry run, a run, a second run and a roll-back: found, mended, proved, settled and undone. */
export async function goWholeWay({
  bench,
  causes,
  snapshot,
  times,
  proof,
  counted = (ids) => ids,
}: WholeWay): Promise<{ readonly dry: Told; readonly mended: Told }> {
  const sorted = causes.toSorted();
  const [before, untouched] = [await snapshot(), await times?.()];

  const dry = await bench.go({ mode: 'plan' });
  const unknown = dry.outcome.causes.some(({ finding }) => finding === 'unknown');
  expect({ status: dry.outcome.status, found: counted(found(dry)) }, told(dry)).toEqual({
    status: unknown ? 'unresolved' : 'ok',
    found: sorted,
  });
  expect(await times?.(), 'a dry run changes nothing').toEqual(untouched);
  expect(await snapshot(), 'a dry run changes nothing').toEqual(before);

  const mended = await bench.go();
  expect({ status: mended.outcome.status, found: counted(found(mended)) }, told(mended)).toEqual({
    status: 'ok',
    found: sorted,
  });
  await proof?.();
  const after = await snapshot();

  const again = await bench.go();
  expect(
    { status: again.outcome.status, found: found(again), changing: changing(again) },
    told(again),
  ).toEqual({ status: 'ok', found: [], changing: [] });
  expect(await snapshot(), 'a second run changes nothing').toEqual(after);
  if (causes.length === 0) return { dry, mended };

  const undone = await bench.undo(mended.outcome.run);
  expect(undone.outcome.status, told(undone)).toBe('ok');
  expect(await snapshot(), 'after roll-back every byte is as it was').toEqual(before);
  return { dry, mended };
}
