export { decrypt, encrypt, type Sealed } from './cipher.ts';
export { isInPlace, noCounts, type StepCounts } from './counts.ts';
export { type Approval, type Decisions, type OnProblem, unattended } from './decisions.ts';
export type { CauseFinding, Diagnosis } from './diagnose.ts';
export {
  type Evidence,
  type Finding,
  isEvent,
  type JournalRecord,
  type Phase,
  type RevertOutcome,
  type RunEvent,
} from './event.ts';
export { type FleetOptions, runFleet } from './fleet.ts';
export { againOnFleet, type FleetAgain } from './fleet-again.ts';
export type { FleetEvent, FleetOutcome, HostOutcome } from './fleet-event.ts';
export { type FleetLeft, rollOutLeft } from './fleet-left.ts';
export {
  type FleetHistory,
  type FleetMember,
  type FleetOpened,
  type FleetRecord,
  foldFleet,
} from './fleet-record.ts';
export type { FleetHost } from './fleet-turn.ts';
export type { Grant } from './grant.ts';
export { type Begun, foldJournal, type History } from './history.ts';
export { type JournalCodec, journalCodec } from './journal-codec.ts';
export { createJournalStore, type StateFolder } from './journal-file.ts';
export { isDurable, type Journal, type JournalStore, type Journals } from './journal-store.ts';
export { type NeededRights, neededRights, type OpenPart } from './needed-rights.ts';
export { ownedBy } from './owned-error.ts';
export { hasEnded, type JournalOwner, ownerOf, thisProcess } from './process-owner.ts';
export { resume, run, undoRun } from './run.ts';
export type { FleetPart, RunOptions, RunOutcome } from './run-options.ts';
export { canResume, canUndo, isPractice, type RunSummary, runSummaries } from './run-summary.ts';
export { openValue, sealValue } from './sealed-value.ts';
export { shareConnection } from './shared-connection.ts';
export { shownOf } from './shown.ts';
export { readStateKey, type StateKey, stateKeyFrom } from './state-key.ts';
export { isGood, isUntouched, type RunStatus, runStatuses } from './status.ts';
export type { SudoGrant } from './sudo-grant.ts';
export { assertTrusted, type TrustOptions, trustFault } from './trusted-path.ts';
