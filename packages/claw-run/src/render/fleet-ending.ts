import { type FleetEvent, type HostOutcome, runStatuses } from '@claw-run/engine';
import { commandLines, nothingToChange, problemLines } from './ending.ts';
import type { Manner } from './renderer.ts';
import { count, type Style, seconds, wrap } from './style.ts';

/** How a fleet ended, and how that is shown. */
export interface FleetEndOptions {
  readonly style: Style;
  readonly width: number;
  readonly manner: Manner;
  /** Whether what hosts wait for was agreed to. */
  readonly confirmed: boolean;
  /** Whether a cause was found on a host. */
  readonly found: boolean;
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
  const good = event.status === 'ok' || event.status === 'changes-pending';
  return [
    '',
    style.bold('Hosts'),
    ...hosts.map((host) => hostLine(host, { ...options, longest })),
    '',
    `${good ? style.green('✓') : style.red('✗')} ${style.bold(wrap(summaryOf(event, options), width, 2))}`,
    ...event.problems.flatMap((problem) => problemLines(problem, options)),
    ...nextLines(event, options),
  ];
}

function hostLine(
  outcome: HostOutcome,
  { style, width, manner, longest }: FleetEndOptions & { readonly longest: number },
): string {
  const { host, status, changes, problems } = outcome;
  const name = host.padEnd(longest);
  if (status === 'not-begun')
    return `  ${style.dim('-')} ${name}  ${style.dim(`not begun (${count(changes, 'change')} planned)`)}`;
  const good = status === 'ok' || status === 'changes-pending';
  const why = problems.map(({ message }) => message).join('; ');
  const done = manner.undoing
    ? 'undone'
    : changes === 0
      ? 'nothing to change'
      : `${count(changes, 'change')} ${manner.mode === 'apply' ? 'made and verified' : 'planned'}`;
  return `  ${good ? style.green('✓') : style.red('✗')} ${name}  ${wrap(good ? done : `${status}: ${why || runStatuses[status].summary}`, width, longest + 6)}`;
}

function summaryOf(
  { status, hosts }: Extract<FleetEvent, { type: 'fleet.ended' }>,
  { manner, found, ms }: FleetEndOptions,
): string {
  const of = (wanted: (outcome: HostOutcome) => boolean) => hosts.filter(wanted);
  const changes = hosts.reduce((sum, host) => sum + host.changes, 0);
  if (status === 'ok' || status === 'changes-pending') {
    if (manner.undoing) return `Undone on ${count(hosts.length, 'host')} in ${seconds(ms)}`;
    if (manner.mode === 'diagnose') return `Diagnosed ${count(hosts.length, 'host')}; nothing was touched`;
    if (changes === 0) return nothingToChange(found, ` on ${count(hosts.length, 'host')}`);
    const touched = of((host) => host.changes > 0).length;
    return manner.mode === 'plan'
      ? `${count(changes, 'change')} planned on ${count(touched, 'host')}; nothing was touched`
      : `Mended: ${count(changes, 'change')} made and verified on ${count(touched, 'host')} in ${seconds(ms)}`;
  }
  const well = of((host) => host.status === 'ok').length;
  const waiting = of((host) => host.status === 'not-begun').length;
  const bad = hosts.length - well - waiting;
  if (bad === 0) return runStatuses[status].summary;
  const left = waiting === 0 ? '' : `, ${waiting} not begun`;
  return `${bad} of ${count(hosts.length, 'host')} did not come to a good end, ${well} did${left}`;
}

function nextLines(
  { run, hosts, status }: Extract<FleetEvent, { type: 'fleet.ended' }>,
  { manner, style, confirmed }: FleetEndOptions,
): readonly string[] {
  const pending = hosts.some(({ changes }) => changes > 0);
  if (manner.mode !== 'apply')
    return manner.next === undefined || !pending ? [] : commandLines(manner.next, style);
  const again = (verb: string) => style.cyan(`claw-run ${verb} ${run}${manner.again ?? ''}`);
  if (manner.undoing) return status === 'ok' ? [] : [`  again: ${again('rollback')}`];
  const acted = hosts.filter(
    (host) => host.changes > 0 && !untouched.has(host.status) && host.status !== 'rolled-back',
  );
  const unfinished =
    acted.some(({ status: each }) => each !== 'ok') ||
    (confirmed && hosts.some(({ status: each }) => each === 'not-begun' || each === 'locked'));
  return [
    ...(unfinished ? [`  go on: ${again('resume')}`] : []),
    ...(acted.length > 0 ? [`  undo: ${again('rollback')}`] : []),
  ];
}

const untouched: ReadonlySet<string> = new Set(['refused', 'locked', 'stale-plan', 'not-begun', 'usage']);
