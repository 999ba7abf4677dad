import { ClawError } from '@claw-run/core';
import {
  createJournalStore,
  foldJournal,
  type History,
  isEvent,
  isPractice,
  type RunSummary,
  runSummaries,
  shownOf,
} from '@claw-run/engine';
import { pastRunFlags } from '../cli/follow-up.ts';
import { answerJson, type Context, outputOf } from '../context.ts';
import { createHumanRenderer } from '../render/human.ts';
import { createJsonRenderer } from '../render/json.ts';
import type { Manner } from '../render/renderer.ts';
import { count, createStyle, moment, plain } from '../render/style.ts';
import { reportsOf } from '../report/reports.ts';
import { stateFolder } from '../run/state-folder.ts';

/** `claw-run runs [RUN|prune]`: the runs of this machine, the latest first, or the events of one; or those of long ago removed. */
export async function call(context: Context): Promise<number> {
  const [run] = context.operands;
  if (run === undefined) return list(context);
  if (run === 'prune') return (await import('./prune.ts')).prune(context);
  return /^f\d{8}t/.test(run) ? list(context, run) : tell(run, context);
}

async function list(context: Context, fleet?: string): Promise<number> {
  const { io } = context;
  const store = createJournalStore(stateFolder(context));
  const all = (await runSummaries(store)).toReversed();
  const runs = all.filter((run) => fleet === undefined || run.fleet === fleet);
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
  io.out(runs.map((summary) => lineOf(summary, style)).join(''));
  return 0;
}

function lineOf(summary: RunSummary, style: ReturnType<typeof createStyle>): string {
  const { run, startedAt, runbook, status, steps, practice, owner, problem } = summary;
  const notes = [
    summary.fleet === undefined ? '' : `host ${plain(summary.host ?? '')} of ${summary.fleet}`,
    practice ? 'practice' : '',
    owner === undefined ? '' : `process ${owner.pid} on ${plain(owner.host)}`,
    summary.canResume && !practice ? 'can be resumed' : '',
    summary.canUndo && !practice ? 'can be undone' : '',
    problem === undefined ? '' : plain(problem),
  ];
  const when = moment(startedAt);
  const told = notes.filter((note) => note !== '').join(', ');
  return `${style.bold(run)}  ${when}  ${plain(runbook)}  ${status}  ${count(steps, 'step')}${told === '' ? '' : `  (${told})`}\n`;
}

/** How a past run is shown. */
export function mannerOf(history: History, context: Context): Manner {
  return {
    mode: 'apply',
    practice: isPractice(history),
    undoing: history.reverting,
    again: pastRunFlags(context, 'run'),
    proofs: history.opened?.proofs.map(({ id }) => id),
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
  const manner = mannerOf(history, context);
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
