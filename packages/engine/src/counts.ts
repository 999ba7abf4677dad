import type { PlannedStep } from '@claw-run/core';
import type { JournalRecord, RevertOutcome } from './event.ts';

/** How many steps of a run came to which end. Verifications are not counted. */
export interface StepCounts {
  /** Made and seen to hold; still in place. */
  readonly changed: number;
  /** Needed no change. */
  readonly unchanged: number;
  /** Planned, and skipped by the user. */
  readonly skipped: number;
  /** Failed, whatever became of them then. */
  readonly failed: number;
  /** Planned and not done. */
  readonly remaining: number;
  /** Rolled back. */
  readonly rolledBack: number;
  /** Cannot be rolled back: their effect stays. */
  readonly irreversible: number;
  /** Begun and still there, in part or whole: not rolled back, or not completely. */
  readonly left: number;
}

type End = Exclude<keyof StepCounts, 'failed'>;

const revertEnds: { readonly [O in RevertOutcome]: End } = {
  reverted: 'rolledBack',
  settled: 'rolledBack',
  irreversible: 'irreversible',
  conflict: 'left',
  failed: 'left',
};

/** Counts how the steps of a run ended, from its records. `verifying` are the ids of its verifications. Pure. */
export function countSteps(records: readonly JournalRecord[], verifying: ReadonlySet<string>): StepCounts {
  const ends = new Map<string, End>();
  const failed = new Set<string>();
  /** How it stood with a step before its action in hand, which may turn out to be refused as a whole. */
  const before = new Map<string, End | undefined>();
  const set = (id: string, end: End) => {
    if (!verifying.has(id)) ends.set(id, end);
  };
  const plan = (id: string, { plan: kind }: Pick<PlannedStep['plan'], 'plan'>) => {
    if (kind === 'change' && (ends.get(id) ?? 'unchanged') === 'unchanged') set(id, 'remaining');
    else if (kind === 'settled') set(id, 'unchanged');
  };
  for (const record of records) {
    switch (record.type) {
      case 'journal.opened':
        for (const step of record.steps) plan(step.id, step.plan);
        break;
      case 'step.planned':
        if (record.skipped !== true && record.phase === undefined) plan(record.id, record);
        break;
      case 'step.observed':
        if (record.elsewhere === true) set(record.id, 'left');
        break;
      case 'action.intended':
        before.set(record.id, ends.get(record.id));
        if (ends.has(record.id) && ends.get(record.id) !== 'changed') set(record.id, 'left');
        break;
      case 'action.ended': {
        const end = before.get(record.id);
        if (record.notPerformed === true && end !== undefined) set(record.id, end);
        break;
      }
      case 'step.verified':
        failed.delete(record.id);
        // what was there already when its turn came was not changed by us
        set(record.id, ends.get(record.id) === 'left' ? 'changed' : 'unchanged');
        break;
      case 'step.failed':
        if (!verifying.has(record.id)) failed.add(record.id);
        break;
      case 'step.skipped':
        if (ends.get(record.id) === 'remaining') set(record.id, 'skipped');
        break;
      case 'step.reverted':
        set(record.id, revertEnds[record.outcome]);
        break;
    }
  }
  const of = (end: End) => [...ends.values()].filter((each) => each === end).length;
  return {
    changed: of('changed'),
    unchanged: of('unchanged'),
    skipped: of('skipped'),
    failed: failed.size,
    remaining: of('remaining'),
    rolledBack: of('rolledBack'),
    irreversible: of('irreversible'),
    left: of('left'),
  };
}

export const noCounts: StepCounts = {
  changed: 0,
  unchanged: 0,
  skipped: 0,
  failed: 0,
  remaining: 0,
  rolledBack: 0,
  irreversible: 0,
  left: 0,
};

/** The counts of many runs together. */
export function addCounts(all: readonly StepCounts[]): StepCounts {
  const names = Object.keys(noCounts) as (keyof StepCounts)[];
  const sums = names.map((name) => [name, all.reduce((sum, counts) => sum + counts[name], 0)] as const);
  return { ...noCounts, ...Object.fromEntries(sums) };
}

/** Whether anything that the run changed is still in place. */
export function isInPlace({ changed, irreversible, left }: StepCounts): boolean {
  return changed + irreversible + left > 0;
}
