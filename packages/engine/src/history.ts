import type { JsonObject, PlannedStep } from '@claw-run/core';
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
  /** Whether any of its actions may have taken place: one that was refused as a whole did not. */
  readonly touched: boolean;
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
  /** What is not believed of a journal that was damaged. */
  readonly lost?: string;
}

/** The id of a step under which its undoing is recorded. */
export const undoPrefix = 'undo:';

/** Folds the records of a journal. Pure. */
export function foldJournal(records: readonly JournalRecord[]): History {
  const begun = new Map<string, Begun>();
  const skipped: string[] = [];
  /** Steps that were touched by actions whose end is known, and those an action of which is under way. */
  const before = new Map<string, { touched: boolean; halfUndone: boolean }>();
  let opened: History['opened'];
  let reverting = false;
  let lost: string | undefined;
  let ended: RunStatus | undefined;
  const last = (id: string) => [...begun.values()].findLast((each) => each.id === id);
  const mark = (id: string, change: Partial<Begun>) => {
    const known = last(id);
    if (known !== undefined) begun.set(`${known.phase}/${id}`, { ...known, ...change });
  };
  for (const record of records) {
    switch (record.type) {
      case 'journal.opened':
        opened = record;
        break;
      case 'journal.resumed':
        ended = undefined;
        break;
      case 'journal.salvaged':
        ended = undefined;
        lost = record.lost;
        break;
      case 'step.observed': {
        const { id, phase, step, after } = record;
        const key = `${phase}/${id}`;
        const first = begun.get(key);
        begun.set(key, {
          id,
          phase,
          step,
          before: first?.before ?? record.before,
          after,
          touched: first?.touched ?? record.elsewhere ?? false,
          verified: false,
          reverted: false,
          halfUndone: false,
        });
        break;
      }
      case 'action.intended': {
        const { id, change } = markOf(record.id);
        const known = last(id);
        if (known === undefined) break;
        before.set(record.id, known);
        mark(id, change);
        break;
      }
      case 'action.ended': {
        const known = before.get(record.id);
        const { id } = markOf(record.id);
        if (record.notPerformed === true && known !== undefined)
          mark(id, { touched: known.touched, halfUndone: known.halfUndone });
        break;
      }
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
    ...(lost === undefined ? {} : { lost }),
  };
}

/** What an action that is under way may be doing: to a step, or to its rollback. */
function markOf(id: string): { readonly id: string; readonly change: Partial<Begun> } {
  return id.startsWith(undoPrefix)
    ? { id: id.slice(undoPrefix.length), change: { halfUndone: true } }
    : { id, change: { touched: true } };
}
