import type { RunEvent } from '@claw-run/engine';
import { describeAction } from './describe-action.ts';
import { diffLines } from './diff.ts';
import { count, type Style, wrap } from './style.ts';

type Planned = Extract<RunEvent, { type: 'step.planned' }>;

export interface PlanOptions {
  readonly style: Style;
  readonly width: number;
  readonly verbose: number;
  /** Show every difference in full. */
  readonly full: boolean;
  /** Ids of what only proves the mend. */
  readonly proofs: ReadonlySet<string>;
}

/** The plan: what changes, field by field, with its risk; what stays as it is only in number, or with `-v` in words. */
export function planLines(steps: readonly Planned[], options: PlanOptions): readonly string[] {
  const { style } = options;
  const changes = steps.filter(({ id, plan }) => plan === 'change' && !options.proofs.has(id));
  const proofs = steps.filter(({ id, plan }) => plan === 'change' && options.proofs.has(id));
  const refusals = steps.filter(({ plan }) => plan === 'refused');
  const rest = steps.filter(({ plan }) => plan === 'settled');
  const none = refusals.length === 0 ? 'no change' : 'it cannot be made';
  const what = plans[steps[0]?.phase ?? 'run'];
  const title = `${what}: ${changes.length === 0 ? none : count(changes.length, 'change')}`;
  return [
    '',
    style.bold(title),
    ...changes.flatMap((step, index) => changeLines(step, index + 1, options)),
    ...alike(refusals).flatMap((steps) => refusalLines(steps, options)),
    ...restLines(rest, options),
    ...(proofs.length === 0 ? [] : ['', style.bold('To verify it')]),
    ...proofs.flatMap((step, index) => changeLines(step, index + 1, options)),
  ];
}

const plans = { run: 'Plan', resume: 'What is left to do', rollback: 'Rollback' } as const;

function changeLines(step: Planned, number: number, options: PlanOptions): readonly string[] {
  const { style, width, verbose } = options;
  const badge = step.risk === undefined ? '' : badges(style)[step.risk];
  const said = step.diff.length > 0 && verbose === 0 && isSummary(step.because);
  const because = said || step.because === '' ? [] : [`     ${style.dim(wrap(step.because, width, 5))}`];
  const actions = (step.actions ?? []).filter((action) => verbose >= 2 || action.do === 'run');
  return [
    `  ${number}. ${wrap(step.name, width, 5)}${badge}`,
    ...because,
    ...diffLines(step.diff, { style, full: options.full }).map((line) => `     ${line}`),
    ...actions.map((action) => `     ${style.dim(`$ ${describeAction(action, { full: verbose >= 2 })}`)}`),
    ...(step.irreversible === undefined
      ? []
      : [`     ${style.yellow(wrap(`! cannot be rolled back: ${step.irreversible}`, width, 7))}`]),
  ];
}

/** A reason that only says in words what the differences below it show. */
function isSummary(because: string): boolean {
  return because.split('; ').every((part) => / (differs|does not exist yet|is to go)$/.test(part));
}

function badges(style: Style): { readonly [risk: string]: string } {
  return {
    'read-only': '',
    routine: '',
    disruptive: `  ${style.yellow('[disruptive]')}`,
    destructive: `  ${style.red('[destructive]')}`,
  };
}

/** Refusals by their reason: a host that cannot be reached is said once, not for each of its steps. */
function alike(refusals: readonly Planned[]): readonly (readonly Planned[])[] {
  return [...Map.groupBy(refusals, ({ because, problem }) => `${because}\n${problem?.hint}`).values()];
}

function refusalLines(steps: readonly Planned[], { style, width }: PlanOptions): readonly string[] {
  const [{ because = '', problem } = {}] = steps;
  const names = steps.map(({ name }) => name).join('; ');
  const hint = problem?.hint === undefined ? [] : [`     ${style.cyan(wrap(problem.hint, width, 5))}`];
  return [`  ${style.red('✗')}  ${wrap(names, width, 5)}`, `     ${wrap(because, width, 5)}`, ...hint];
}

function restLines(steps: readonly Planned[], { style, width, verbose }: PlanOptions): readonly string[] {
  if (steps.length === 0) return [];
  if (verbose >= 1) {
    return steps.map(({ skipped, name, because }) =>
      style.dim(`  ${skipped === true ? '-' : '='}  ${wrap(`${name}: ${because}`, width, 5)}`),
    );
  }
  const skipped = steps.filter((step) => step.skipped === true).length;
  const settled = steps.length - skipped;
  const words = [
    ...(settled === 0 ? [] : [`${settled} with no change needed`]),
    ...(skipped === 0 ? [] : [`${skipped} not needed`]),
  ];
  return [style.dim(`  ${words.join(', ')} (-v tells which)`)];
}
