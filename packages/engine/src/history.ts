import type { JsonObject, PlannedStep, Problem } from '@claw-run/core';
import type { JournalOnly, JournalRecord, Phase } from './event.ts';
import type { RunStatus } from './status.ts';

/** A step that began to act. */
export interface Begun {
  readonly id: string;
  readonly phase: Phase;
  readonly step: PlannedStep;
  /** The facts it changes, right before it acted and as they are to be. */
  readonly before: JsonObject;
  readonly after: JsonObject;
  readonly verified: boolean;
  readonly reverted: boolean;
  /** Undoing it began to act and did not get to its end: what is there now may be our own doing. */
  readonly halfUndone: boolean;
}

/** A run as its journal tells it. */
export interface History {
  readonly opened?: JournalOnly & { readonly type: 'journal.opened' };
  /** In the order in which they began. */
  readonly begun: readonly Begun[];
  /** Steps that were passed over after a failure. */
  readonly skipped: readonly string[];
  /** Whether undoing began. */
  readonly reverting: boolean;
  readonly ended?: RunStatus;
}

/** A connection that was lost, or time that ran out, does not tell whether the action took place. */
function mayHaveActed({ code }: Problem): boolean {
  return code === 'unreachable' || code === 'timeout';
}

/** The id of a step under which its undoing is recorded. */
export const undoPrefix = 'undo:';

/** Folds the records of a journal. Pure. */
export function foldJournal(records: readonly JournalRecord[]): History {
  const begun = new Map<string, Begun>();
  const skipped: string[] = [];
  const acted = new Set<string>();
  let opened: History['opened'];
  let reverting = false;
  let ended: RunStatus | undefined;
  const mark = (id: string, change: Partial<Begun>) => {
    const key = [...begun.keys()].findLast((each) => begun.get(each)?.id === id);
    const known = key === undefined ? undefined : begun.get(key);
    if (key !== undefined && known !== undefined) begun.set(key, { ...known, ...change });
  };
  for (const record of records) {
    switch (record.type) {
      case 'journal.opened':
        opened = record;
        break;
      case 'journal.resumed':
        ended = undefined;
        break;
      case 'step.observed': {
        const { id, phase, step, before, after } = record;
        const key = `${phase}/${id}`;
        const first = begun.get(key);
        begun.set(key, {
          id,
          phase,
          step,
          before: first?.before ?? before,
          after,
          verified: false,
          reverted: false,
          halfUndone: false,
        });
        break;
      }
      case 'action.intended':
        if (record.id.startsWith(undoPrefix)) mark(record.id.slice(undoPrefix.length), { halfUndone: true });
        break;
      case 'action.ended':
        if (!record.id.startsWith(undoPrefix)) break;
        if (record.problem === undefined || mayHaveActed(record.problem)) acted.add(record.id);
        else mark(record.id.slice(undoPrefix.length), { halfUndone: acted.has(record.id) });
        break;
      case 'step.verified':
        mark(record.id, { verified: true });
        break;
      case 'step.skipped':
        skipped.push(record.id);
        break;
      case 'step.reverting':
        reverting = true;
        break;
      case 'step.reverted':
        if (record.outcome === 'reverted' || record.outcome === 'settled')
          mark(record.id, { reverted: true });
        break;
      case 'run.ended':
        ended = record.status;
        break;
    }
  }
  return {
    begun: [...begun.values()],
    skipped,
    reverting,
    ...(opened === undefined ? {} : { opened }),
    ...(ended === undefined ? {} : { ended }),
  };
}
