import type { Redactor } from '@claw-run/core';
import type { JournalRecord } from './event.ts';
import type { FleetRecord } from './fleet-record.ts';
import type { JournalOwner } from './process-owner.ts';
import type { RunSummary } from './run-summary.ts';

/**
 * The write-ahead record of one run, or of what the runs of a fleet have in common. It belongs to one living process at a time, which alone appends to it: to the one
 * that made it, later to who takes it.
 */
export interface Journal<R = JournalRecord> {
  /** What it held when it was opened or, later, taken, in order, each record as it was appended: secrets are `Secret`s again. Empty where it was created. */
  readonly records: readonly R[];
  /**
   * Makes a journal that was opened this process's own, with all records there are by then. Of several that ask at once, one gets it; with `force` it is taken from
   * whoever has it, who cannot append any more.
   * @returns who else has it, a living process; nothing where it is ours now
   * @throws ClawError `journal-unwritable`, `journal-damaged`
   */
  readonly take: (options?: { readonly force?: boolean }) => Promise<JournalOwner | undefined>;
  /** Which living process has it, whose life may be that of this one. */
  readonly owner: () => Promise<JournalOwner | undefined>;
  /**
   * Appends a record behind all that were appended before, awaited or not. Where `isDurable(record)`, it and all before it survive the death of this machine when
   * this returns: an action is performed on the word of its record. Once an append has failed, all later ones fail.
   * @throws ClawError `journal-unwritable`, or `lock-lost` where somebody else took it: nothing more is done then; `journal-lost` where it was removed: it can be
   * neither resumed nor rolled back later
   */
  readonly append: (record: R) => Promise<void>;
  /** Waits for what was appended; frees what it holds, and gives it up where it is ours. Not called where a process dies. */
  readonly close: () => Promise<void>;
}

/**
 * Journals of one kind. Records hold what must not be read or forged (secrets, files that were changed, what rollback does): the store seals and signs them, by
 * `journalCodec`, unless they never leave the process.
 */
export interface Journals<R> {
  /**
   * Makes an empty journal, which is this process's own; of several that ask for the same id at once, one gets it.
   * @param redactor knows the secrets of the run: texts that hold one are sealed too
   * @throws ClawError `locked` where there is one already, `run-unknown` where `id` cannot be one, `journal-unwritable`
   */
  readonly create: (id: string, redactor?: Redactor) => Promise<Journal<R>>;
  /**
   * Opens a journal to read it, with all records that were appended, at any time and while somebody else appends. A last record that a crash cut off is left out: nothing
   * was done on its word.
   * @param redactor is told the secrets that are found
   * @throws ClawError `run-unknown` where there is none, `journal-damaged` where a record was altered or lost
   */
  readonly open: (id: string, redactor?: Redactor) => Promise<Journal<R>>;
  /** Ids of all, sorted: they begin with the time, so the oldest is first. */
  readonly list: () => Promise<readonly string[]>;
  /**
   * Removes a journal with all its secrets, for good; absent where nothing is ever removed.
   * @throws ClawError `locked` where a living process has it, `journal-unwritable`
   */
  readonly remove?: ((id: string) => Promise<void>) | undefined;
  /**
   * Makes a journal of the part of a damaged one that can be trusted, this process's own, which ends with what is lost; what it was is set aside. Absent where that is not known.
   * @throws ClawError `locked` where a living process has it, `journal-damaged` where no record of it can be trusted
   */
  readonly salvage?: ((id: string, redactor?: Redactor) => Promise<Journal<R>>) | undefined;
}

/** Where journals are kept: those of runs, and those of fleets. `describeJournalStoreContract` of `@claw-run/testing` tries one. */
export interface JournalStore extends Journals<JournalRecord> {
  /** What was agreed to for a fleet and how its hosts ended. Its runs have journals of their own, whose ids are the fleet's and a number. */
  readonly fleets: Journals<FleetRecord>;
  /**
   * Whether journals can be kept here, asked before anything is done; with `first`, the size in bytes of the record that a run would begin with, also whether there
   * is room for it and for what comes after it. @throws ClawError `untrusted`, `journal-unwritable`
   */
  readonly check: (first?: number) => Promise<void>;
  /** What is kept of runs that no process has, so that a list need not open each: what is missing is folded from journals, and kept then. */
  readonly summaries?:
    | {
        readonly read: () => Promise<ReadonlyMap<string, RunSummary>>;
        readonly keep: (summaries: readonly RunSummary[]) => Promise<void>;
        /** Forgets all other runs: called once some were removed. Absent where nothing is left of a run that was removed. */
        readonly retain?: ((runs: readonly string[]) => Promise<void>) | undefined;
      }
    | undefined;
}

const durable: ReadonlySet<string> = new Set([
  'journal.opened',
  'journal.salvaged',
  'fleet.opened',
  'step.observed',
  'action.intended',
  'action.ended',
  'step.reverted',
  'run.ended',
]);

/** Whether the loss of a record would leave a change that nobody knows of. */
export function isDurable({ type }: { readonly type: string }): boolean {
  return durable.has(type);
}
