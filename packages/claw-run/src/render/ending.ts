import type { Problem } from '@claw-run/core';
import {
  isInPlace,
  isUntouched,
  type RunEvent,
  type RunStatus,
  runStatuses,
  type StepCounts,
} from '@claw-run/engine';
import type { Manner, Next } from './renderer.ts';
import { count, plain, type Style, seconds, wrap } from './style.ts';

type Ended = Extract<RunEvent, { type: 'run.ended' }>;

/** How many causes were found and how many are unknown, of all that were asked: as they are at the end. */
export interface CauseCounts {
  readonly all: number;
  readonly found: number;
  readonly unknown: number;
}

export interface EndOptions {
  readonly style: Style;
  readonly width: number;
  readonly manner: Manner;
  /** How many changes are planned. */
  readonly planned: number;
  readonly causes: CauseCounts;
  /** Whether there is a journal of the run, so that it can be resumed and rolled back. */
  readonly journal: boolean;
  readonly ms: number;
}

/** How it ended, why, and what to do next. */
export function endLines(event: Ended, options: EndOptions): readonly string[] {
  const { style, width } = options;
  const first = summary(event, options);
  return [
    `${endMark(event.status, style)} ${style.bold(wrap(first, width, 2))}`,
    ...event.problems.flatMap((problem) => problemLines(problem, { ...options, said: first })),
    ...nextLines(event, options),
  ];
}

/** The mark of an end: good, failed, or left to a person. */
export function endMark(status: RunStatus, style: Style): string {
  if (status === 'ok' || status === 'changes-pending') return style.green('✓');
  return status === 'unresolved' ? style.yellow('!') : style.red('✗');
}

/** What went wrong, what the command that failed printed, and what to do about it. */
export function problemLines(
  { message, hint, output }: Problem,
  { style, width, said = '' }: Pick<EndOptions, 'style' | 'width'> & { readonly said?: string },
): readonly string[] {
  return [
    ...(said.toLowerCase().startsWith(message.toLowerCase()) ? [] : [`  ${wrap(message, width, 2)}`]),
    ...outputLines(output, style).map((line) => `  ${line}`),
    ...(hint === undefined ? [] : [`  ${style.cyan(wrap(hint, width, 2))}`]),
  ];
}

/** What a command printed, each line behind a bar. */
export function outputLines(output: string | undefined, style: Style): readonly string[] {
  return output === undefined ? [] : output.split('\n').map((line) => style.dim(`| ${line}`));
}

function summary(event: Ended, { manner, planned, causes, ms }: EndOptions): string {
  const { status, counts } = event;
  if (manner.mode !== 'apply' && (status === 'ok' || status === 'changes-pending' || status === 'unresolved'))
    return lookedSummary(manner.mode, planned, causes);
  if (status === 'ok' && manner.undoing) return withCounts(`Rolled back in ${seconds(ms)}`, counts);
  if (status === 'ok')
    return counts.changed === 0
      ? noChangeNeeded(causes)
      : withCounts(`Fixed and verified in ${seconds(ms)}`, counts);
  if (status === 'unresolved') return withCounts(`Unresolved: ${causeWords(causes)}`, counts, '; ');
  return isUntouched(status) ? runStatuses[status].summary : withCounts(runStatuses[status].summary, counts);
}

/** The end of a plan or of a diagnosis. */
export function lookedSummary(
  mode: 'plan' | 'diagnose',
  planned: number,
  causes: CauseCounts,
  where = '',
): string {
  const found = causes.all === 0 ? [] : [causeWords(causes)];
  const parts =
    mode === 'diagnose'
      ? found
      : [
          planned === 0 ? `No change planned${where}` : `${count(planned, 'change')} planned${where}`,
          ...found,
        ];
  return `${parts.join('; ') || 'There is no cause to look for'}; nothing was touched`;
}

/** What is said where nothing had to be changed. */
export function noChangeNeeded(causes: CauseCounts, where = ''): string {
  return `No change needed${where}${causes.all === 0 ? '' : `: ${causeWords(causes)}`}`;
}

/** `1 of 10 causes found, 2 unknown`, `all 10 causes are ruled out` */
export function causeWords({ all, found, unknown }: CauseCounts): string {
  if (found + unknown === 0) return all === 1 ? 'the cause is ruled out' : `all ${all} causes are ruled out`;
  const of = `of ${count(all, 'cause')}`;
  if (found === 0) return `${unknown} ${of} unknown`;
  return `${found} ${of} found${unknown === 0 ? '' : `, ${unknown} unknown`}`;
}

/** What became of the steps, in words; `in place` is said of changes where not all is well. */
export function countWords(counts: StepCounts, inPlace = false): string {
  const { changed, unchanged, skipped, failed, remaining, rolledBack, irreversible, left } = counts;
  const place = inPlace ? ' and left in place' : '';
  const parts: readonly (readonly [number, string])[] = [
    [changed, `changed${place}`],
    [left, 'not finished and left in place'],
    [rolledBack, 'rolled back'],
    [irreversible, 'cannot be rolled back'],
    [failed, 'failed'],
    [skipped, 'skipped'],
    [remaining, 'not done'],
    [unchanged, 'not changed'],
  ];
  return parts.flatMap(([number, words]) => (number === 0 ? [] : [`${number} ${words}`])).join(', ');
}

function withCounts(text: string, counts: StepCounts, separator = ': '): string {
  const inPlace = separator === ': ' && counts.failed + counts.remaining > 0;
  const words = countWords(counts, inPlace);
  if (words === '') return `${text}${separator}nothing was changed`;
  const none = isInPlace(counts) || counts.rolledBack > 0 ? '' : '; nothing was changed';
  return `${text}${separator}${words}${none}`;
}

function nextLines(event: Ended, { style, manner, planned, causes, journal }: EndOptions): readonly string[] {
  const { status, run, counts } = event;
  if (manner.mode !== 'apply') {
    const open = manner.mode === 'diagnose' ? causes.found > 0 : planned > 0;
    return manner.next === undefined || !open || status === 'refused' ? [] : commandLines(manner.next, style);
  }
  const again = (verb: string) => style.cyan(`claw-run ${verb} ${run}${manner.again ?? ''}`);
  if (manner.undoing) return status === 'ok' || !journal ? [] : [`  again: ${again('rollback')}`];
  if (!journal) return [];
  if (manner.practice) return [style.dim('  The sandbox ends with the run.')];
  const resume = unfinished.has(status) ? [`  resume: ${again('resume')}`] : [];
  return counts.changed + counts.left > 0 ? [...resume, `  roll back: ${again('rollback')}`] : resume;
}

/** What is said of a run that is ended at once: how it is resumed and rolled back. */
export function afterKillLines(run: string, { undoing, again = '' }: Manner): readonly string[] {
  const rollback = `  roll back: claw-run rollback ${run}${again}`;
  return undoing === true ? [rollback] : [`  resume: claw-run resume ${run}${again}`, rollback];
}

/** The command to go on with, and what it needs besides. */
export function commandLines({ command, needs }: Next, style: Style): readonly string[] {
  return [`  next: ${style.cyan(plain(command))}`, ...needs.map((need) => `        with ${plain(need)}`)];
}

const unfinished: ReadonlySet<RunStatus> = new Set(['failed', 'timed-out', 'interrupted', 'terminated']);
