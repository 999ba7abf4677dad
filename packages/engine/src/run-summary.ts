import { ClawError, createRedactor } from '@claw-run/core';
import type { JournalRecord } from './event.ts';
import { foldJournal, type History } from './history.ts';
import type { JournalStore } from './journal-store.ts';
import type { JournalOwner } from './process-owner.ts';
import type { RunStatus } from './status.ts';

/** A past run in one line. */
export interface RunSummary {
  readonly run: string;
  /** RFC 3339, UTC; empty where its journal says nothing of it. */
  readonly startedAt: string;
  readonly runbook: string;
  readonly who: string;
  readonly fleet?: string | undefined;
  readonly host?: string | undefined;
  /** `undone`: rolled back after it had ended; `unfinished`: its process died; `never-began`: it died before it had a plan. */
  readonly status: RunStatus | 'undone' | 'unfinished' | 'running' | 'never-began' | 'damaged';
  readonly steps: number;
  readonly practice: boolean;
  readonly canUndo: boolean;
  readonly canResume: boolean;
  /** The living process that has it. */
  readonly owner?: Pick<JournalOwner, 'host' | 'pid' | 'since'> | undefined;
  /** Why its journal is not believed. */
  readonly problem?: string | undefined;
}

/** Whether something of a run is left that rolling back could take back. */
export function canUndo({ begun }: History): boolean {
  return begun.some(({ reverted, touched }) => touched && !reverted);
}

/** Whether a run stopped before its end and can go on. */
export function canResume({ opened, ended, reverting, lost }: History): boolean {
  return (
    opened !== undefined && lost === undefined && !reverting && ended !== 'ok' && ended !== 'rolled-back'
  );
}

/** Whether its cluster was a practice cluster, gone with the run. */
export function isPractice({ opened }: History): boolean {
  return Object.values(opened?.bindings ?? {}).some(
    (value) => (value as { practice?: boolean } | null)?.practice === true,
  );
}

/** Folds the records of a run. */
export function summaryOf(run: string, records: readonly JournalRecord[], owner?: JournalOwner): RunSummary {
  const history = foldJournal(records);
  const { opened, ended, begun, reverting } = history;
  const unended = opened === undefined ? 'never-began' : 'unfinished';
  const status = ended === 'ok' && reverting ? 'undone' : (ended ?? unended);
  return {
    run,
    startedAt: opened?.startedAt ?? '',
    runbook: opened?.runbook ?? '',
    who: opened?.who ?? '',
    ...(opened?.fleet === undefined ? {} : { fleet: opened.fleet, host: opened.host }),
    status: owner === undefined ? status : 'running',
    steps: begun.filter(({ phase }) => phase === 'steps').length,
    practice: isPractice(history),
    canUndo: owner === undefined && canUndo(history),
    canResume: owner === undefined && canResume(history),
    ...(owner === undefined ? {} : { owner: { host: owner.host, pid: owner.pid, since: owner.since } }),
  };
}

/** What is known of a run from its journal, or why nothing is: a journal that is damaged hides no other. */
async function summarize(store: JournalStore, run: string): Promise<RunSummary> {
  try {
    const journal = await store.open(run, createRedactor());
    const owner = await journal.owner();
    await journal.close();
    return summaryOf(run, journal.records, owner);
  } catch (error) {
    if (!(error instanceof ClawError)) throw error;
    const nothing = { startedAt: '', runbook: '', who: '', steps: 0, practice: false };
    const none = { canUndo: false, canResume: false };
    return { run, ...nothing, ...none, status: 'damaged', problem: error.message };
  }
}

const atOnce = 8;

/** All runs of a store, the oldest first: from what it keeps of those that ended, else from their journals, few at a time. */
export async function runSummaries(store: JournalStore): Promise<readonly RunSummary[]> {
  const ids = await store.list();
  const known = (await store.summaries?.read()) ?? new Map<string, RunSummary>();
  const found = new Map<string, RunSummary>();
  const left = ids.filter((id) => !known.has(id));
  const work = async () => {
    for (let id = left.shift(); id !== undefined; id = left.shift())
      found.set(id, await summarize(store, id));
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, left.length) }, work));
  const sure = [...found.values()].filter(({ status }) => status !== 'running' && status !== 'damaged');
  if (sure.length > 0) await store.summaries?.keep(sure);
  return ids.flatMap((id) => known.get(id) ?? found.get(id) ?? []);
}
