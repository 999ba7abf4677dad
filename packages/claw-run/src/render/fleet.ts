import type { FleetEvent, RunEvent } from '@claw-run/engine';
import type { Context } from '../context.ts';
import { causeCounts } from './cause-counts.ts';
import { describeAction } from './describe-action.ts';
import { warningLine } from './findings.ts';
import { fleetEndLines } from './fleet-ending.ts';
import { createHumanRenderer } from './human.ts';
import type { Manner } from './renderer.ts';
import { createStatusLine } from './status-line.ts';
import { count, createStyle, plainJson, type Style, seconds, wrap } from './style.ts';
import { unpainted } from './terminal.ts';

/** Shows a fleet as it goes. */
export interface FleetRenderer {
  readonly event: (event: RunEvent | FleetEvent) => void;
  /** Shows what was kept back, before someone is asked. */
  readonly flush: () => void;
  /** What the plans that were shown were, for a terminal that did not see them. */
  readonly lastPlan: () => readonly string[];
}

/** Hosts with the same causes and plan, and what was told of the first of them. */
interface Group {
  readonly hosts: string[];
  readonly told: readonly string[];
}

/** Shows a fleet to a person: hosts with the same plan are told as one, then each as it is worked on, then how each ended. */
export function createFleetRenderer(context: Context, manner: Manner): FleetRenderer {
  const { io, options } = context;
  const style = createStyle(io.color.out);
  const aside = createStyle(io.color.err);
  const quiet = options.quiet === true;
  const status = createStatusLine(io, quiet);
  const looking = new Map<string, RunEvent[]>();
  const groups = new Map<string, Group>();
  const names = new Map(manner.names ?? []);
  const actions = new Map<string, { readonly told: string; readonly at: number }>();
  let order: readonly string[] = [];
  let looked = 0;
  let shown = false;
  let plans: readonly string[] = [];
  const causes = new Map<string, Extract<RunEvent, { type: 'cause' }>>();
  let started = 0;
  let agreed: readonly string[] = [];

  const out = (lines: readonly string[]) => {
    status.clear();
    for (const line of lines) io.out(`${line}\n`);
  };
  const err = (line: string) => {
    status.clear();
    if (!quiet) io.err(`${line}\n`);
  };
  const flush = () => {
    status.clear();
    if (shown) return;
    shown = true;
    plans = [...groups.values()].flatMap(({ hosts, told }) => ['', hosts.join(', '), ...told]);
    for (const { hosts, told } of groups.values()) {
      const sorted = hosts.toSorted((a, b) => order.indexOf(a) - order.indexOf(b));
      const number = sorted.length === 1 ? '' : style.dim(` (${sorted.length} hosts)`);
      out(['', `${style.bold(wrap(sorted.join(', '), io.width))}${number}`, ...told]);
    }
    groups.clear();
  };
  const remember = (cause: Extract<RunEvent, { type: 'cause' }>) => {
    const known = causes.get(cause.id)?.finding;
    if (known === undefined || known === 'excluded' || cause.finding === 'found') causes.set(cause.id, cause);
  };
  const planned = (event: Extract<FleetEvent, { type: 'host.planned' }>) => {
    const events = looking.get(event.host) ?? [];
    looking.delete(event.host);
    looked += 1;
    for (const one of events) if (one.type === 'cause') remember(one);
    if (io.live) status.show(aside.dim(`looked at ${looked} of ${count(order.length, 'host')} …`));
    const group = groups.get(event.like);
    if (group !== undefined) group.hosts.push(event.host);
    else
      groups.set(event.like, {
        hosts: [event.host],
        told: [...told(events, event), ...problemLines(event, style, io.width)],
      });
  };
  const told = (events: readonly RunEvent[], { changes }: { readonly changes: number }) => {
    const text: string[] = [];
    const inner = createHumanRenderer(
      { ...context, io: { ...io, out: (part) => text.push(part), err: () => {}, live: false } },
      manner,
    );
    for (const event of events)
      if (['fact', 'cause', 'step.planned', 'grants.missing'].includes(event.type)) inner.event(event);
    if (changes > 0 || events.some(({ type }) => type === 'step.planned')) inner.flush();
    const lines = text.join('').trim().split('\n');
    return lines.filter((line) => lines.length > 1 || line !== '');
  };
  /** What happens on a host, one line each, with the host before it. */
  const acting = (event: RunEvent) => {
    const host = aside.bold(event.host ?? '');
    switch (event.type) {
      case 'step.planned':
        names.set(event.id, event.name);
        return;
      case 'action.intended':
        actions.set(event.key, { told: describeAction(event.action), at: Date.parse(event.at) });
        return;
      case 'action.ended': {
        const action = actions.get(event.key);
        actions.delete(event.key);
        const mark = event.problem === undefined ? aside.green('✓') : aside.red('✗');
        const why = event.problem === undefined ? '' : `: ${event.problem.message}`;
        const took = aside.dim(seconds(Date.parse(event.at) - (action?.at ?? Date.parse(event.at))));
        err(wrap(`  ${mark} ${host}  ${action?.told ?? event.key}${why} ${took}`, io.width, 6));
        return;
      }
      case 'step.waiting':
        err(wrap(`    ${host}  ${aside.dim(`… ${event.because}`)}`, io.width, 6));
        return;
      case 'step.failed':
        err(
          wrap(
            `  ${aside.red('✗')} ${host}  ${names.get(event.id) ?? event.id}: ${event.problem.message}`,
            io.width,
            6,
          ),
        );
        return;
      case 'check':
        if (event.verdict === 'fail' || event.verdict === 'unknown')
          err(wrap(`  ${aside.red('✗')} ${host}  ${event.name}: ${event.because}`, io.width, 6));
        return;
      case 'step.reverted':
        err(
          wrap(
            `  ${event.outcome === 'conflict' || event.outcome === 'failed' ? aside.red('✗') : aside.green('✓')} ${host}  ${names.get(event.id) ?? event.id}: ${event.because}`,
            io.width,
            6,
          ),
        );
        return;
      default:
        return;
    }
  };
  const warned = new Set<string>();
  const show = (event: RunEvent | FleetEvent) => {
    switch (event.type) {
      case 'warning':
        status.clear();
        if (!warned.has(event.message)) io.err(warningLine(event, aside, io.width));
        warned.add(event.message);
        return;
      case 'fleet.started':
        order = event.hosts;
        out([
          style.bold(wrap(event.title, io.width)),
          style.dim(`${event.runbook} on ${count(event.hosts.length, 'host')}`),
        ]);
        if (io.live) status.show(aside.dim('looking …'));
        return;
      case 'host.planned':
        planned(event);
        return;
      case 'fleet.confirmed':
        flush();
        agreed = event.hosts;
        started = Date.parse(event.at);
        return;
      case 'batch.started':
        err(`\n${aside.bold(`Batch ${event.batch} of ${event.of}`)} ${aside.dim(event.hosts.join(', '))}`);
        return;
      case 'host.ended':
        return;
      case 'fleet.ended':
        flush();
        out(
          fleetEndLines(event, {
            style,
            width: io.width,
            manner,
            isAgreed: (host) => manner.resuming === true || agreed.includes(host),
            causes: causeCounts([...causes.values()]),
            ms: Date.parse(event.at) - started,
          }),
        );
        return;
      default: {
        const { host = '' } = event;
        const events = looking.get(host);
        if (event.type === 'run.started' && manner.resuming !== true && manner.undoing !== true)
          looking.set(host, []);
        else if (events === undefined) acting(event);
        else {
          if (event.type === 'step.planned') names.set(event.id, event.name);
          events.push(event);
        }
      }
    }
  };
  return {
    event: (event) => {
      if (started === 0) started = Date.parse(event.at);
      show(plainJson(event));
    },
    flush,
    lastPlan: () => plans.map((line) => unpainted(line)),
  };
}

function problemLines(
  { problems, status }: Extract<FleetEvent, { type: 'host.planned' }>,
  style: Style,
  width: number,
): readonly string[] {
  return status === 'ok'
    ? []
    : problems.flatMap(({ message, hint }) => [
        `  ${style.red('✗')} ${wrap(message, width, 4)}`,
        ...(hint === undefined ? [] : [`    ${style.cyan(wrap(hint, width, 4))}`]),
      ]);
}
