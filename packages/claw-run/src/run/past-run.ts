import { ClawError, type JsonObject, type Library, type Redactor, type Runbook } from '@claw-run/core';
import { foldJournal, type History, isPractice, type Journal, type JournalStore } from '@claw-run/engine';
import { recompile } from './load-runbook.ts';

/** A run of the past: its journal, open, and what it tells. */
export interface PastRun {
  readonly run: string;
  readonly journal: Journal;
  readonly history: History;
}

/**
 * Opens a run by its id, or the latest: never an older one because the latest has nothing to undo or to go on with.
 * @throws ClawError `run-unknown`
 */
export async function openRun(
  wanted: string | undefined,
  { journals, redactor }: { readonly journals: JournalStore; readonly redactor: Redactor },
): Promise<PastRun> {
  const candidates = wanted === undefined ? (await journals.list()).toReversed() : [wanted];
  for (const run of candidates) {
    const journal = await journals.open(run, redactor);
    const history = foldJournal(journal.records);
    if (wanted !== undefined || !isPractice(history)) return { run, journal, history };
    await journal.close();
  }
  throw new ClawError('run-unknown', 'there is no run yet', { hint: 'claw-run runs lists those there are' });
}

/** A run whose journal is damaged, by the part that can be trusted. @throws ClawError `run-unknown`, `journal-damaged`, `locked` */
export async function openTrustedPart(
  run: string,
  { journals, redactor }: { readonly journals: JournalStore; readonly redactor: Redactor },
): Promise<PastRun> {
  try {
    const journal = await journals.open(run, redactor);
    return { run, journal, history: foldJournal(journal.records) };
  } catch (error) {
    if (!(error instanceof ClawError) || error.code !== 'journal-damaged' || journals.salvage === undefined)
      throw error;
    const journal = await journals.salvage(run, redactor);
    return { run, journal, history: foldJournal(journal.records) };
  }
}

/** Whether a run was cut off, so that its locks may still be there. */
export function isCutOff({ opened, ended }: History): boolean {
  return opened !== undefined && ended === undefined;
}

/** The targets as the journal bound them. @throws ClawError `journal-damaged` */
export function openedOf({ history, run }: PastRun): NonNullable<History['opened']> {
  if (history.opened === undefined)
    throw new ClawError('journal-damaged', `the journal of ${run} does not say what was planned`);
  return history.opened;
}

/** The runbook of a past run from the sources it kept. @throws ClawError where this version cannot compile it */
export async function runbookOf(past: PastRun, library: Library): Promise<Runbook> {
  return recompiled(openedOf(past).sources, library, past.run);
}

/** The runbook of a past run or fleet. @throws ClawError where this version cannot compile it */
export async function recompiled(
  sources: { readonly [file: string]: string },
  library: Library,
  run: string,
): Promise<Runbook> {
  const loaded = await recompile(sources, library);
  if (loaded.ok) return loaded.runbook;
  throw new ClawError('runbook-invalid', `the runbook of ${run} does not fit this version of claw-run`, {
    problems: loaded.problems,
  });
}

/** What undoing needs of a runbook, where it cannot be compiled any more: undoing goes by the journal. */
export function bareRunbook(name: string, bindings: JsonObject): Runbook {
  const targets = Object.entries(bindings).map(([target, value]) => ({
    name: target,
    kind: (value as { kind?: string }).kind === 'host' ? ('host' as const) : ('cluster' as const),
    many: false,
    default: 'local',
  }));
  const none = {
    fixes: [],
    symptoms: [],
    params: [],
    lookups: [],
    causes: [],
    steps: [],
    verify: [],
    sources: {},
  };
  return { name, title: name, ...none, targets, onFailure: 'stop' };
}
