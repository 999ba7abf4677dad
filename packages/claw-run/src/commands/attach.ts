import { setTimeout as pause } from 'node:timers/promises';
import {
  createJournalStore,
  isEvent,
  type JournalRecord,
  type JournalStore,
  shownOf,
} from '@claw-run/engine';
import { type Context, outputOf } from '../context.ts';
import { createHumanRenderer } from '../render/human.ts';
import { createJsonRenderer } from '../render/json.ts';
import { watchInterrupts } from '../run/interrupt.ts';
import { openRun } from '../run/past-run.ts';
import { stateFolder } from '../run/state-folder.ts';
import { mannerOf } from './runs.ts';

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
  const manner = mannerOf(history, context);
  const renderer =
    outputOf(context) === 'json' ? createJsonRenderer(io) : createHumanRenderer(context, manner);
  const interrupt = watchInterrupts(context, 'no longer followed; the run goes on');
  let last: JournalRecord | undefined;
  try {
    for await (const record of growing(run, journals, context, interrupt.signal)) {
      if (record.type === 'run.ended' || record.type === 'journal.resumed') last = record;
      if (isEvent(record)) renderer.event(shownOf(record, io.redactor));
    }
  } finally {
    renderer.flush();
    interrupt.end();
  }
  if (interrupt.signal.aborted) return 130;
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
): AsyncGenerator<JournalRecord> {
  let isOver = false;
  for (let seen = 0; ; ) {
    const { records, owner, close } = await journals.open(run, io.redactor);
    const has = await owner();
    await close();
    yield* records.slice(seen);
    seen = Math.max(seen, records.length);
    if (isOver || signal.aborted || records.at(-1)?.type === 'run.ended') return;
    // what a process leaves is there once it is gone: it is read once more then
    isOver = has === undefined;
    if (!isOver) await pause(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
}
