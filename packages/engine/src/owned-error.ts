import { ClawError } from '@claw-run/core';
import type { JournalRecord } from './event.ts';
import { foldJournal } from './history.ts';
import type { JournalOwner } from './process-owner.ts';

/** That a living process has a journal: which, and since when. */
export function ownedBy(id: string, { pid, host, since }: JournalOwner): string {
  return `${id} belongs to process ${pid} on ${host}, since ${since}`;
}

/** Why a run is left to another process, which has it: says which, since when, and what it does. */
export function ownedError(records: readonly JournalRecord[], by: JournalOwner): ClawError {
  const { opened } = foldJournal(records);
  const run = opened?.run ?? 'this run';
  return new ClawError('locked', `${ownedBy(run, by)}: ${doingOf(records)}`, {
    hint: `follow it: claw-run attach ${run}; wait for it to end, or stop it: kill ${by.pid}. --break-lock takes the run from it`,
  });
}

/** What a run does, by the last of its records. */
function doingOf(records: readonly JournalRecord[]): string {
  const { opened } = foldJournal(records);
  const last = records.findLast(({ type }) => type === 'step.started' || type === 'step.reverting');
  if (last?.type !== 'step.started' && last?.type !== 'step.reverting') return 'it has not begun to act';
  const steps = [...(opened?.steps ?? []), ...(opened?.proofs ?? [])];
  const name = steps.find(({ id }) => id === last.id)?.name ?? last.id;
  return last.type === 'step.started' ? `it is at the step ${name}` : `it rolls back the step ${name}`;
}
