import { type FleetEvent, type HostOutcome, isGood, isInPlace, runStatuses } from '@claw-run/engine';
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
  /** Whether what hosts wait for was agreed to. */
  readonly confirmed: boolean;
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
  if (status === 'not-begun')
    return `  ${style.dim('-')} ${name}  ${style.dim(`not begun (${count(changes, 'change')} planned)`)}`;
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
  const well = of((host) => host.status === 'ok');
  const left = of((host) => host.status === 'unresolved');
  const waiting = of((host) => host.status === 'not-begun');
  const bad = hosts.length - well - left - waiting;
  if (bad + left === 0) return runStatuses[status].summary;
  const parts = [
    ...(bad === 0 ? [] : [`${bad} failed`]),
    ...(left === 0 ? [] : [`${left} unresolved`]),
    `${well} good`,
    ...(waiting === 0 ? [] : [`${waiting} not begun`]),
  ];
  const touched = words === '' ? '; nothing was changed' : `; steps: ${words}`;
  return `Of ${count(hosts.length, 'host')}: ${parts.join(', ')}${touched}`;
}

function nextLines(
  { run, hosts, status, counts }: Extract<FleetEvent, { type: 'fleet.ended' }>,
  { manner, style, confirmed }: FleetEndOptions,
): readonly string[] {
  const pending = hosts.some(({ changes }) => changes > 0);
  if (manner.mode !== 'apply')
    return manner.next === undefined || !pending ? [] : commandLines(manner.next, style);
  const again = (verb: string) => style.cyan(`claw-run ${verb} ${run}${manner.again ?? ''}`);
  if (manner.undoing) return status === 'ok' ? [] : [`  again: ${again('rollback')}`];
  const unfinished =
    hosts.some((host) => isInPlace(host.counts) && !isGood(host.status)) ||
    (confirmed && hosts.some(({ status: each }) => each === 'not-begun' || each === 'locked'));
  return [
    ...(unfinished ? [`  resume: ${again('resume')}`] : []),
    ...(isInPlace(counts) ? [`  roll back: ${again('rollback')}`] : []),
  ];
}
