import type { RunEvent } from '@claw-run/engine';
import type { Context } from '../context.ts';
import { causeCounts } from './cause-counts.ts';
import { describeAction } from './describe-action.ts';
import { endLines, outputLines } from './ending.ts';
import { afterLines, factLine, findingLines, grantLines, sudoLines, warningLine } from './findings.ts';
import { planLines } from './plan.ts';
import type { Manner, Renderer } from './renderer.ts';
import { createStatusLine } from './status-line.ts';
import { createStyle, moment, plain, plainJson, seconds, wrap } from './style.ts';

type Of<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

/** Shows a run to a person: answers on standard output, what is under way on standard error. */
export function createHumanRenderer(context: Context, manner: Manner): Renderer {
  const { io, options } = context;
  const quiet = options.quiet === true;
  const verbose = options.verbose ?? 0;
  const style = createStyle(io.color.out);
  const aside = createStyle(io.color.err);
  const status = createStatusLine(io, quiet);
  const planned: Of<'step.planned'>[] = [];
  const names = new Map(manner.names ?? []);
  const proofs = new Set(manner.proofs ?? []);
  const changed = new Set<string>();
  const causes = new Map<string, Of<'cause'>>();
  const after: Of<'cause'>[] = [];
  const begun = new Map<string, number>();
  let started = 0;
  let section = '';
  let acting = false;

  const out = (lines: readonly string[]) => {
    status.clear();
    for (const line of lines) io.out(`${line}\n`);
  };
  const err = (line: string) => {
    status.clear();
    if (!quiet) io.err(`${line}\n`);
  };
  const heading = (title: string) => {
    if (section === title) return;
    section = title;
    out(['', style.bold(title)]);
  };
  const aheading = (title: string) => {
    if (section === title) return;
    section = title;
    err(`\n${aside.bold(title)}`);
  };
  const flush = () => {
    if (planned.length === 0) {
      status.clear();
      return;
    }
    const steps = planned.splice(0);
    plan = steps;
    out(planLines(steps, { style, width: io.width, verbose, full: options.diff === true, proofs }));
  };
  const told = new Set<string>();
  /** What a command printed is shown once. */
  const withoutTold = (event: Of<'run.ended'>): Of<'run.ended'> => ({
    ...event,
    problems: event.problems.map(({ output, ...problem }) =>
      output === undefined || told.has(problem.message) ? problem : { ...problem, output },
    ),
  });
  let head: readonly string[] = [];
  let plan: readonly Of<'step.planned'>[] = [];
  let last: readonly Of<'cause'>[] = [];
  /** All causes of one asking are told together, beside what they were before. */
  const tellAfter = () => {
    if (after.length === 0) return;
    last = after.splice(0);
    heading('Causes, before and after the fix');
    out(afterLines(last, causes, { style, width: io.width, verbose }));
  };
  const since = (event: RunEvent, key: string) =>
    seconds(Date.parse(event.at) - (begun.get(key) ?? Date.parse(event.at)));

  const show = (event: RunEvent) => {
    switch (event.type) {
      case 'run.started': {
        const targets = Object.entries(event.targets).map(
          ([name, target]) => `${name} ${(target as { name: string }).name}`,
        );
        const { past } = manner;
        const which =
          past === undefined
            ? []
            : [`run ${past.run}, begun ${moment(past.startedAt)} by ${plain(past.who)}`];
        head = [event.title, `${event.runbook} on ${targets.join(', ') || 'nothing'}`, ...which];
        out([style.bold(wrap(event.title, io.width)), ...head.slice(1).map(style.dim)]);
        if (io.live) status.show(aside.dim('looking …'));
        return;
      }
      case 'warning':
        status.clear();
        io.err(warningLine(event, aside, io.width));
        return;
      case 'fact':
        if (verbose >= 1) out(factLine(event, style));
        return;
      case 'cause':
        if (event.phase === 'verification') {
          after.push(event);
          return;
        }
        causes.set(event.id, event);
        heading('Causes');
        out(findingLines(event, { style, width: io.width, verbose }));
        return;
      case 'step.planned':
        names.set(event.id, event.name);
        if (event.plan === 'change' && !proofs.has(event.id)) changed.add(event.id);
        if (!acting) {
          planned.push(event);
          if (planned.length === 1 && io.live) status.show(aside.dim('planning …'));
          return;
        }
        if (verbose >= 1)
          out(planLines([event], { style, width: io.width, verbose, full: options.diff === true, proofs }));
        return;
      case 'grants.missing':
        flush();
        heading('Missing rights');
        out([...grantLines(event.grants), ...sudoLines(event.sudo ?? [])]);
        return;
      case 'run.confirmed':
        flush();
        acting = true;
        started = Date.parse(event.at);
        return;
      case 'step.started':
        flush();
        acting = true;
        if (event.phase === 'verify') heading('Verification');
        else aheading('Acting');
        begun.set(event.id, Date.parse(event.at));
        err(`  ${names.get(event.id) ?? event.id}`);
        return;
      case 'action.intended':
        begun.set(event.key, Date.parse(event.at));
        if (io.live) status.show(`    ${aside.dim(`… ${describeAction(event.action)}`)}`);
        actions.set(event.key, describeAction(event.action));
        return;
      case 'action.ended': {
        const mark = event.problem === undefined ? aside.green('✓') : aside.red('✗');
        const why = event.problem === undefined ? '' : `: ${event.problem.message}`;
        err(
          wrap(
            `    ${mark} ${actions.get(event.key) ?? event.key}${why} ${aside.dim(since(event, event.key))}`,
            io.width,
            6,
          ),
        );
        return;
      }
      case 'step.waiting':
        status.show(`    ${aside.dim(`… ${event.because} (${since(event, event.id)})`)}`);
        return;
      case 'step.verified':
        status.clear();
        if (verbose >= 1)
          err(`    ${aside.dim(wrap(`${event.because} (${since(event, event.id)})`, io.width, 4))}`);
        return;
      case 'step.skipped':
        err(`  ${aside.dim('-')} ${names.get(event.id) ?? event.id}: ${event.because}`);
        return;
      case 'step.failed':
        err(`    ${aside.red('✗')} ${wrap(event.problem.message, io.width, 6)}`);
        for (const line of outputLines(event.problem.output, aside)) err(`      ${line}`);
        if (!quiet) told.add(event.problem.message);
        if (event.problem.hint !== undefined)
          err(`      ${aside.cyan(wrap(event.problem.hint, io.width, 6))}`);
        return;
      case 'check': {
        flush();
        heading('Verification');
        const mark = {
          pass: style.green('✓'),
          fail: style.red('✗'),
          unknown: style.yellow('?'),
          skipped: style.dim('-'),
        };
        out([`  ${mark[event.verdict]} ${wrap(`${event.name}: ${event.because}`, io.width, 4)}`]);
        return;
      }
      case 'step.reverting':
        flush();
        tellAfter();
        aheading('Rolling back');
        begun.set(`undo:${event.id}`, Date.parse(event.at));
        err(`  ${names.get(event.id) ?? event.id}`);
        return;
      case 'step.reverted': {
        const good = event.outcome === 'reverted' || event.outcome === 'settled';
        const mark = good
          ? aside.green('✓')
          : event.outcome === 'irreversible'
            ? aside.yellow('!')
            : aside.red('✗');
        err(`    ${mark} ${wrap(`${words[event.outcome]}: ${event.because}`, io.width, 6)}`);
        return;
      }
      case 'run.ended':
        flush();
        tellAfter();
        out([
          '',
          ...endLines(withoutTold(event), {
            style,
            width: io.width,
            manner,
            planned: changed.size,
            causes: causeCounts([...causes.values(), ...last]),
            journal: event.journal,
            ms: Date.parse(event.at) - started,
          }),
        ]);
    }
  };
  const actions = new Map<string, string>();
  return {
    event: (event) => {
      if (started === 0) started = Date.parse(event.at);
      show(plainJson(event));
    },
    flush,
    lastPlan: () => [
      ...head,
      ...planLines(plan, { style: aside, width: io.width, verbose, full: options.diff === true, proofs }),
    ],
  };
}

const words = {
  reverted: 'rolled back',
  settled: 'nothing to roll back',
  conflict: 'left alone',
  irreversible: 'cannot be rolled back',
  failed: 'could not be rolled back',
} as const;
