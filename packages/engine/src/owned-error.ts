import { ClawError } from '@claw-run/core';
import type { JournalRecord } from './event.ts';
import { foldJournal } from './history.ts';
import type { JournalOwner } from './process-owner.ts';

/** Why a run is not gone on with: another process has it. Says which, since when, and what it does. */
export function ownedError(records: readonly JournalRecord[], by: JournalOwner): ClawError {
  const { opened } = foldJournal(records);
  const run = opened?.run ?? 'this run';
  return new ClawError(
    'locked',
    `${run} belongs to process ${by.pid} on ${by.host}, since ${by.since}: ${doingOf(records)}`,
    {
      hint: `follow it: claw-run attach ${run}; wait for it to end, or stop it: kill ${by.pid}. --break-lock takes the run from it`,
    },
  );
}

/** What a run does, by the last of its records. */
export function doingOf(records: readonly JournalRecord[]): string {
  const { opened } = foldJournal(records);
  const last = records.findLast(({ type }) => type === 'step.started' || type === 'step.reverting');
  if (last?.type !== 'step.started' && last?.type !== 'step.reverting') return 'it has not begun to act';
  const steps = [...(opened?.steps ?? []), ...(opened?.proofs ?? [])];
  const name = steps.find(({ id }) => id === last.id)?.name ?? last.id;
  return last.type === 'step.started' ? `it is at the step ${name}` : `it rolls back the step ${name}`;
}
