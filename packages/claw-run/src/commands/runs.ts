import { ClawError } from '@claw-run/core';
import {
  createJournalStore,
  foldJournal,
  type History,
  type JournalRecord,
  type RunEvent,
  shownOf,
} from '@claw-run/engine';
import { pastRunFlags } from '../cli/follow-up.ts';
import { answerJson, type Context, outputOf } from '../context.ts';
import { createHumanRenderer } from '../render/human.ts';
import { createJsonRenderer } from '../render/json.ts';
import type { Manner } from '../render/renderer.ts';
import { count, createStyle, plain } from '../render/style.ts';
import { reportsOf } from '../report/reports.ts';
import { canResume, canUndo, isPractice } from '../run/past-run.ts';
import { stateFolder } from '../run/state-folder.ts';

/** `claw-run runs [RUN]`: the runs of this machine, the latest first, or the events of one. */
export async function call(context: Context): Promise<number> {
  const [run] = context.operands;
  if (run === undefined) return list(context);
  return /^f\d{8}t/.test(run) ? list(context, run) : tell(run, context);
}

async function list(context: Context, fleet?: string): Promise<number> {
  const { io } = context;
  const runs = (await summaries(context)).filter((run) => fleet === undefined || run.fleet === fleet);
  if (fleet !== undefined && runs.length === 0)
    throw new ClawError('run-unknown', `there is no fleet ${fleet}`, {
      hint: '`claw-run runs` lists the runs there are, with their fleets',
    });
  if (outputOf(context) === 'json') {
    answerJson(context, { runs });
    return 0;
  }
  if (runs.length === 0) io.out('No runs have been kept on this machine.\n');
  const style = createStyle(io.color.out);
  for (const summary of runs) {
    const { run, startedAt, runbook, status, steps, practice, canUndo: undo, canResume: more } = summary;
    const notes = [
      summary.fleet === undefined ? '' : `host ${plain(summary.host ?? '')} of ${summary.fleet}`,
      practice ? 'practice' : '',
      more && !practice ? 'can be resumed' : '',
      undo && !practice ? 'can be undone' : '',
    ];
    const when = startedAt.replace('T', ' ').replace('Z', ' UTC');
    const told = notes.filter((note) => note !== '').join(', ');
    io.out(
      `${style.bold(run)}  ${when}  ${plain(runbook)}  ${status}  ${count(steps, 'step')}${told === '' ? '' : `  (${told})`}\n`,
    );
  }
  return 0;
}

interface Summary {
  readonly run: string;
  readonly startedAt: string;
  readonly runbook: string;
  readonly who: string;
  readonly fleet?: string | undefined;
  readonly host?: string | undefined;
  readonly status: string;
  readonly steps: number;
  readonly practice: boolean;
  readonly canUndo: boolean;
  readonly canResume: boolean;
}

async function summaries({ io, ...context }: Context): Promise<readonly Summary[]> {
  const store = createJournalStore(stateFolder({ io, ...context }));
  const all = await Promise.all(
    (await store.list()).map(async (run): Promise<Summary> => {
      try {
        const journal = await store.open(run, io.redactor);
        await journal.close();
        return summaryOf(run, foldJournal(journal.records));
      } catch (error) {
        if (!(error instanceof ClawError)) throw error;
        return {
          run,
          startedAt: '',
          runbook: '',
          who: '',
          status: 'damaged',
          steps: 0,
          practice: false,
          canUndo: false,
          canResume: false,
        };
      }
    }),
  );
  return all.toReversed();
}

function summaryOf(run: string, history: History): Summary {
  const { opened, ended, begun } = history;
  return {
    run,
    startedAt: opened?.startedAt ?? '',
    runbook: opened?.runbook ?? '',
    who: opened?.who ?? '',
    ...(opened?.fleet === undefined ? {} : { fleet: opened.fleet, host: opened.host }),
    status: ended === 'ok' && history.reverting ? 'undone' : (ended ?? 'unfinished'),
    steps: begun.filter(({ phase }) => phase === 'steps').length,
    practice: isPractice(history),
    canUndo: canUndo(history),
    canResume: canResume(history),
  };
}

async function tell(run: string, context: Context): Promise<number> {
  const { io, options } = context;
  const reports = reportsOf(options.report ?? [], io.cwd, (text) => io.err(`claw-run: ${text}\n`));
  await reports.prepare();
  const journal = await createJournalStore(stateFolder(context)).open(run, io.redactor);
  await journal.close();
  const events = journal.records.filter(isEvent).map((event) => shownOf(event, io.redactor));
  const history = foldJournal(journal.records);
  const manner: Manner = {
    mode: 'apply',
    practice: isPractice(history),
    undoing: history.reverting,
    again: pastRunFlags(context, 'run'),
    proofs: history.opened?.proofs.map(({ id }) => id),
  };
  const renderer =
    outputOf(context) === 'json'
      ? createJsonRenderer(io)
      : createHumanRenderer({ ...context, io: told(io) }, manner);
  for (const event of events) renderer.event(event);
  renderer.flush();
  await reports.write(events, io.redactor);
  return 0;
}

/** What was progress when it happened is the answer here. */
function told(io: Context['io']): Context['io'] {
  return { ...io, err: io.out, live: false, color: { out: io.color.out, err: io.color.out } };
}

function isEvent(record: JournalRecord): record is RunEvent {
  return !['journal.opened', 'journal.resumed', 'step.observed'].includes(record.type);
}
