import { setTimeout as pause } from 'node:timers/promises';
import {
  createJournalStore,
  foldJournal,
  isPractice,
  type JournalRecord,
  type JournalStore,
  shownOf,
} from '@claw-run/engine';
import { pastRunFlags } from '../cli/follow-up.ts';
import { type Context, outputOf } from '../context.ts';
import { createHumanRenderer } from '../render/human.ts';
import { createJsonRenderer } from '../render/json.ts';
import type { Manner } from '../render/renderer.ts';
import { watchInterrupts } from '../run/interrupt.ts';
import { openRun } from '../run/past-run.ts';
import { stateFolder } from '../run/state-folder.ts';
import { isEvent } from './runs.ts';

const lookEveryMs = 250;

/**
 * `claw-run attach [RUN]`: shows what a run has done and follows it until it ends, from its journal alone: the process that has it is not touched, and stopping to
 * follow it stops nothing. Ends with the status of the run.
 */
export async function call(context: Context): Promise<number> {
  const { io, operands } = context;
  const journals = createJournalStore(stateFolder(context));
  const past = await openRun(operands[0], { journals, redactor: io.redactor });
  const { run, history } = past;
  await past.journal.close();
  const manner: Manner = {
    mode: 'apply',
    practice: isPractice(history),
    undoing: history.reverting,
    again: pastRunFlags(context, 'run'),
    proofs: history.opened?.proofs.map(({ id }) => id),
  };
  const renderer =
    outputOf(context) === 'json' ? createJsonRenderer(io) : createHumanRenderer(context, manner);
  const interrupt = watchInterrupts(context, 'no longer followed; the run goes on');
  try {
    for await (const records of growing(run, journals, context, interrupt.signal))
      for (const record of records) if (isEvent(record)) renderer.event(shownOf(record, io.redactor));
  } finally {
    renderer.flush();
    interrupt.end();
  }
  if (interrupt.signal.aborted) return 130;
  const { journal } = await openRun(run, { journals, redactor: io.redactor });
  await journal.close();
  const last = journal.records.findLast(({ type }) => type === 'run.ended' || type === 'journal.resumed');
  if (last?.type === 'run.ended') return last.exit;
  io.err(
    `claw-run: the process of ${run} ended before the run did\n  resume: claw-run resume ${run}\n  roll back: claw-run rollback ${run}\n`,
  );
  return 1;
}

/** What a journal holds, and what comes to it for as long as a process has it. */
async function* growing(
  run: string,
  journals: JournalStore,
  { io }: Context,
  signal: AbortSignal,
): AsyncGenerator<readonly JournalRecord[]> {
  for (let seen = 0; ; ) {
    const journal = await journals.open(run, io.redactor);
    // first who has it, then what it holds: what a process leaves is there once it is gone
    const owner = await journal.owner();
    await journal.close();
    const current = owner === undefined ? await latest(run, journals, io) : journal.records;
    yield current.slice(seen);
    seen = Math.max(seen, current.length);
    const { ended } = foldJournal(current);
    if (
      owner === undefined ||
      (ended !== undefined && current.at(-1)?.type === 'run.ended') ||
      signal.aborted
    )
      return;
    await pause(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

async function latest(
  run: string,
  journals: JournalStore,
  io: Context['io'],
): Promise<readonly JournalRecord[]> {
  const journal = await journals.open(run, io.redactor);
  await journal.close();
  return journal.records;
}
