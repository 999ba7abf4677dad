import { equal } from '@claw-run/core';
import {
  foldJournal,
  type History,
  type Journal,
  type JournalRecord,
  type JournalStore,
} from '@claw-run/engine';

/** The death of a process, as far as one process can tell: no part of claw-run knows it, so nothing handles it. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** Where a process dies: before a record is kept, or right after. */
export interface CrashPoint {
  readonly record: number;
  readonly side: 'before' | 'after';
}

/** Points that cannot be told apart afterwards: the journal says the same, and the same was performed. */
export interface CrashClass {
  readonly history: History;
  /** How many actions were performed by then. */
  readonly performed: number;
  readonly points: readonly CrashPoint[];
}

/** A store whose journals die at a point, counted from where this process took them up; afterwards nothing is kept. */
export function crashingStore(store: JournalStore, point: CrashPoint): JournalStore {
  return {
    ...store,
    create: async (...args) => crashing(await store.create(...args), point),
    open: async (...args) => crashing(await store.open(...args), point),
  };
}

function crashing(journal: Journal, point: CrashPoint): Journal {
  let count = 0;
  let dead = false;
  const die = async (): Promise<never> => {
    if (!dead) await journal.close();
    dead = true;
    throw new Crash(`killed ${point.side} record ${point.record}`);
  };
  return {
    get records() {
      return journal.records;
    },
    take: journal.take,
    owner: journal.owner,
    async append(record: JournalRecord) {
      if (dead) return die();
      if (isIncidental(record)) return journal.append(record);
      const here = count === point.record;
      count += 1;
      if (here && point.side === 'before') return die();
      await journal.append(record);
      if (here) return die();
    },
    close: () => (dead ? Promise.resolve() : journal.close()),
  };
}

/**
 * Every moment at which dying makes a difference: before there is a journal to speak of, before each record once a step has
 * started, and between an action's announcement and the action. Between any two other records nothing but reading happens.
 */
export function crashPoints(records: readonly JournalRecord[]): readonly CrashPoint[] {
  const counted = records.filter((record) => !isIncidental(record));
  return counted.flatMap(({ type }, record): readonly CrashPoint[] => [
    ...(record > 0 && told.has(type) ? [] : [{ record, side: 'before' } as const]),
    ...(type === 'action.intended' ? [{ record, side: 'after' } as const] : []),
  ]);
}

/**
 * The points of a process by what can be told afterwards, in their order.
 * @param records what that process kept
 * @param former what the journal held when the process took it up
 */
export function crashClasses(
  records: readonly JournalRecord[],
  former: readonly JournalRecord[] = [],
): readonly CrashClass[] {
  const counted = records.filter((record) => !isIncidental(record));
  const classes: { history: History; performed: number; points: CrashPoint[] }[] = [];
  for (const point of crashPoints(records)) {
    const kept = counted.slice(0, point.side === 'before' ? point.record : point.record + 1);
    const intended = kept.filter(({ type }) => type === 'action.intended').length;
    const performed = point.side === 'before' ? intended : intended - 1;
    const history = foldJournal([...former, ...kept]);
    const known = classes.find((one) => one.performed === performed && equal(one.history, history));
    if (known === undefined) classes.push({ history, performed, points: [point] });
    else known.points.push(point);
  }
  return classes;
}

/** What is only told, of planning, and written down together. */
const told: ReadonlySet<string> = new Set(['run.started', 'fact', 'cause', 'step.planned', 'run.confirmed']);

/** What is told only when the world is slow is not counted: two runs would differ in it. */
function isIncidental({ type }: JournalRecord): boolean {
  return type === 'step.waiting';
}
