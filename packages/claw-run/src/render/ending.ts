import type { Problem } from '@claw-run/core';
import { type RunEvent, runStatuses } from '@claw-run/engine';
import type { Manner, Next } from './renderer.ts';
import { count, plain, type Style, seconds, wrap } from './style.ts';

type Ended = Extract<RunEvent, { type: 'run.ended' }>;

export interface EndOptions {
  readonly style: Style;
  readonly width: number;
  readonly manner: Manner;
  /** How many steps change something. */
  readonly changed: number;
  /** Whether a cause was found. */
  readonly found: boolean;
  readonly ms: number;
}

/** How it ended, why, and what to do next. */
export function endLines(event: Ended, options: EndOptions): readonly string[] {
  const { style, width } = options;
  const good = event.status === 'ok' || event.status === 'changes-pending';
  const mark = good ? style.green('✓') : style.red('✗');
  return [
    `${mark} ${style.bold(wrap(summary(event, options), width, 2))}`,
    ...event.problems.flatMap((problem) => problemLines(problem, options)),
    ...nextLines(event, options),
  ];
}

/** What went wrong, and what to do about it. */
export function problemLines(
  { message, hint }: Problem,
  { style, width }: Pick<EndOptions, 'style' | 'width'>,
): readonly string[] {
  return [
    `  ${wrap(message, width, 2)}`,
    ...(hint === undefined ? [] : [`  ${style.cyan(wrap(hint, width, 2))}`]),
  ];
}

function summary(event: Ended, { manner, changed, found, ms }: EndOptions): string {
  if (event.status !== 'ok' && event.status !== 'changes-pending') return runStatuses[event.status].summary;
  if (manner.undoing) return `Undone in ${seconds(ms)}`;
  if (manner.mode === 'diagnose') return 'Diagnosed; nothing was touched';
  if (changed === 0) return nothingToChange(found);
  if (manner.mode === 'plan') return `${count(changed, 'change')} planned; nothing was touched`;
  return `Mended: ${count(changed, 'change')} made and verified in ${seconds(ms)}`;
}

/** What is said of a world in which nothing is changed: it is well where nothing was found, too. */
export function nothingToChange(found: boolean, where = ''): string {
  return `Nothing to change${where}; ${found ? 'what was found is left to you' : 'everything is as it should be'}`;
}

function nextLines({ status, run }: Ended, { style, manner, changed }: EndOptions): readonly string[] {
  if (manner.mode !== 'apply') {
    const open = manner.mode === 'diagnose' || changed > 0;
    return manner.next === undefined || !open || status === 'refused' ? [] : commandLines(manner.next, style);
  }
  const again = (verb: string) => style.cyan(`claw-run ${verb} ${run}${manner.again ?? ''}`);
  if (manner.undoing) return status === 'ok' ? [] : [`  again: ${again('rollback')}`];
  if (untouched.has(status) || changed === 0) return [];
  if (manner.practice) return [style.dim('  The practice world ends with the run.')];
  const goOn = unfinished.has(status) ? [`  go on: ${again('resume')}`] : [];
  return status === 'rolled-back' ? [] : [...goOn, `  undo: ${again('rollback')}`];
}

/** The command to go on with, and what it needs besides. */
export function commandLines({ command, needs }: Next, style: Style): readonly string[] {
  return [`  next: ${style.cyan(plain(command))}`, ...needs.map((need) => `        with ${plain(need)}`)];
}

const untouched: ReadonlySet<string> = new Set([
  'usage',
  'refused',
  'stale-plan',
  'cancelled',
  'locked',
  'waiting-for-approval',
]);
const unfinished: ReadonlySet<string> = new Set(['failed', 'timed-out', 'interrupted', 'terminated']);
