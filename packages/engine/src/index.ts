export { type Decisions, type OnProblem, unattended } from './decisions.ts';
export type { Diagnosis } from './diagnose.ts';
export type { Evidence, Finding, JournalRecord, Phase, RevertOutcome, RunEvent } from './event.ts';
export type { Grant } from './grant.ts';
export { type Begun, foldJournal, type History } from './history.ts';
export { createJournalStore, type Journal, type JournalStore } from './journal-file.ts';
export { resume, run, undoRun } from './run.ts';
export type { RunOptions, RunOutcome } from './run-options.ts';
export { type RunStatus, runStatuses } from './status.ts';
