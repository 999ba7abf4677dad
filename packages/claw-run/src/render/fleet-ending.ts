import {
  type FleetEvent,
  type HostOutcome,
  isGood,
  isInPlace,
  isUntouched,
  runStatuses,
} from '@claw-run/engine';
import {
  type CauseCounts,
  commandLines,
  countWords,
  endMark,
  lookedSummary,
  noChangeNeeded,
  problemLines,
} from './ending.ts';
import type { Manner } from './renderer.ts';
import { count, type Style, seconds, wrap } from './style.ts';

/** How a fleet ended, and how that is shown. */
export interface FleetEndOptions {
  readonly style: Style;
  readonly width: number;
  readonly manner: Manner;
  /** Whether something was agreed to for a host. */
  readonly isAgreed: (host: string) => boolean;
  /** The causes of the runbook: found where one host has it, unknown where it is unknown on one. */
  readonly causes: CauseCounts;
  readonly ms: number;
}

/** A line for each host, how the fleet ended, and what to do next. */
export function fleetEndLines(
  event: Extract<FleetEvent, { type: 'fleet.ended' }>,
  options: FleetEndOptions,
): readonly string[] {
  const { style, width } = options;
  const { hosts } = event;
  const longest = Math.max(0, ...hosts.map(({ host }) => host.length));
  return [
    '',
    style.bold('Hosts'),
    ...hosts.map((host) => hostLine(host, { ...options, longest })),
    '',
    `${endMark(event.status, style)} ${style.bold(wrap(summaryOf(event, options), width, 2))}`,
    ...event.problems.flatMap((problem) => problemLines(problem, options)),
    ...nextLines(event, options),
  ];
}

function hostLine(
  outcome: HostOutcome,
  { style, width, manner, longest }: FleetEndOptions & { readonly longest: number },
): string {
  const { host, status, changes, counts, problems } = outcome;
  const name = host.padEnd(longest);
  if (status === 'not-begun') {
    const waits = changes === 0 ? '' : ` (${count(changes, 'change')} planned)`;
    return `  ${style.dim('-')} ${name}  ${style.dim(`not begun${waits}`)}`;
  }
  const good = status === 'ok' || status === 'changes-pending';
  const why = problems.map(({ message }) => message).join('; ');
  const planned = changes === 0 ? 'no change needed' : `${count(changes, 'change')} planned`;
  const done = manner.mode === 'apply' ? countWords(counts) || 'no change needed' : planned;
  const words = good ? done : [status, countWords(counts, true), why || runStatuses[status].summary];
  return `  ${endMark(status, style)} ${name}  ${wrap(
    [words]
      .flat()
      .filter((part) => part !== '')
      .join(': '),
    width,
    longest + 6,
  )}`;
}

function summaryOf(
  { status, hosts, counts }: Extract<FleetEvent, { type: 'fleet.ended' }>,
  { manner, causes, ms }: FleetEndOptions,
): string {
  const of = (wanted: (outcome: HostOutcome) => boolean) => hosts.filter(wanted).length;
  const changes = hosts.reduce((sum, host) => sum + host.changes, 0);
  const on = ` on ${count(hosts.length, 'host')}`;
  const words = countWords(counts, status !== 'ok');
  if (status === 'ok' || status === 'changes-pending') {
    if (manner.undoing) return `Rolled back${on} in ${seconds(ms)}${words === '' ? '' : `: ${words}`}`;
    if (manner.mode !== 'apply') return lookedSummary(manner.mode, changes, causes, on);
    if (counts.changed === 0) return noChangeNeeded(causes, on);
    return `Fixed and verified on ${count(
      of((host) => host.counts.changed > 0),
      'host',
    )} in ${seconds(ms)}: ${words}`;
  }
  const ends = hosts.map(endOf);
  const isCut = ends.every((end) => end === 'good' || end === 'not begun');
  if (isCut && isUntouched(status)) return runStatuses[status].summary;
  const numbers = hostEnds.map((end) => [end, ends.filter((each) => each === end).length] as const);
  const parts = numbers.flatMap(([end, number]) =>
    number === 0 && end !== 'good' ? [] : [`${number} ${end}`],
  );
  const touched = words === '' ? '; nothing was changed' : `; steps: ${words}`;
  const all = `${count(hosts.length, 'host')}: ${parts.join(', ')}${touched}`;
  return isCut ? `${runStatuses[status].summary}; of ${all}` : `Of ${all}`;
}

/** How hosts can end, in a word, as they are counted. */
const hostEnds = [
  'failed',
  'rolled back',
  'refused',
  'interrupted',
  'unresolved',
  'good',
  'not begun',
] as const;

function endOf({ status }: HostOutcome): (typeof hostEnds)[number] {
  switch (status) {
    case 'not-begun':
      return 'not begun';
    case 'ok':
    case 'changes-pending':
      return 'good';
    case 'unresolved':
      return 'unresolved';
    case 'rolled-back':
      return 'rolled back';
    case 'interrupted':
    case 'terminated':
      return 'interrupted';
    default:
      return isUntouched(status) ? 'refused' : 'failed';
  }
}

function nextLines(
  { run, hosts, status, counts }: Extract<FleetEvent, { type: 'fleet.ended' }>,
  { manner, style, isAgreed }: FleetEndOptions,
): readonly string[] {
  const pending = hosts.some(({ changes }) => changes > 0);
  if (manner.mode !== 'apply')
    return manner.next === undefined || !pending ? [] : commandLines(manner.next, style);
  const again = (verb: string) => style.cyan(`claw-run ${verb} ${run}${manner.again ?? ''}`);
  if (manner.undoing) return status === 'ok' ? [] : [`  again: ${again('rollback')}`];
  // where the target changed, another plan is needed
  const over: readonly HostOutcome['status'][] = ['rolled-back', 'roll-back-incomplete', 'stale-plan'];
  const unfinished = hosts.some(
    (host) => isAgreed(host.host) && !isGood(host.status) && !over.includes(host.status),
  );
  return [
    ...(unfinished ? [`  resume: ${again('resume')}`] : []),
    ...(isInPlace(counts) ? [`  roll back: ${again('rollback')}`] : []),
  ];
}
