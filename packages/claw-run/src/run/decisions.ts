import type { PlannedStep } from '@claw-run/core';
import { type Approval, type Decisions, unattended } from '@claw-run/engine';
import type { Context } from '../context.ts';
import { agree, choose, typeWord, Unanswered } from '../prompt.ts';
import { plain } from '../render/plain.ts';
import type { Renderer } from '../render/renderer.ts';
import { count } from '../render/style.ts';

/** What questions are asked about. */
export interface Asking {
  readonly context: Context;
  readonly renderer: Renderer;
  /** Questions are withdrawn when it aborts. */
  readonly signal: AbortSignal;
  /** What the targets of the runbook are called, by their names in it. */
  readonly targets: ReadonlyMap<string, string>;
  /** A saved plan was agreed to when it was made: the call to apply it is the approval. */
  readonly approved?: boolean | undefined;
  /** The run that is resumed or rolled back. */
  readonly past?: string | undefined;
}

/** What the person at the terminal decides; where there is none, what the flags decided. */
export function createDecisions({ context, renderer, signal, targets, approved, past }: Asking): Decisions {
  const { io, options } = context;
  const attended = io.canAsk && options.output !== 'json';
  const asking = { ...io, signal };
  const interactive = attended && options.yes !== true;
  const on = (names: Iterable<string>) => where([...names].map((name) => targets.get(name) ?? name));
  const everywhere = () => where(targets.values());
  return {
    confirm: async (plan, what) => {
      if (options.yes === true || approved === true) return 'yes';
      if (!attended) return 'nobody';
      renderer.flush();
      showPlan(io, renderer);
      io.err('\n');
      const changes = plan.filter(({ plan: each }) => each.plan === 'change');
      const risks = new Map(risksOf(changes));
      const disrupts = what === 'run' ? [] : [...(risks.get('disruptive') ?? [])];
      // what is resumed or rolled back is agreed to once, with what it interrupts in the question
      if (what !== 'run') risks.delete('disruptive');
      const interrupts = disrupts.length === 0 ? '' : ` (interrupts service: ${shortList(disrupts)})`;
      const whose = past === undefined ? '' : ` of run ${past}`;
      const place = on(changes.map((step) => step.on));
      const question = questions[what](changes.length, `${whose}${place}${interrupts}`);
      return unlessBrokenOff(async () => ((await consent(asking, question, risks)) ? 'yes' : 'no'), 'no');
    },
    confirmStep: async (step) => {
      if (options.step !== true || !attended) return 'yes';
      renderer.flush();
      showPlan(io, renderer);
      const choices = [
        { name: 'do it', value: 'yes' },
        { name: 'skip this step and continue', value: 'skip' },
        { name: 'stop here', value: 'stop' },
      ] as const;
      return unlessBrokenOff(
        () => choose<'yes' | 'skip' | 'stop'>(asking, `${step.name}${on([step.on])}`, choices),
        'stop',
      );
    },
    onFailure: async (failure) => {
      if (!interactive) return unattended.onFailure(failure);
      renderer.flush();
      const place = failure.on === undefined ? everywhere() : on([failure.on]);
      return unlessBrokenOff(() => afterFailure(asking, failure, place), 'stop');
    },
    onInterrupt: async (left) => {
      if (left.length > 0)
        io.err(`${count(left.length, 'step')} not done: ${left.map(({ name }) => name).join(', ')}\n`);
      if (!interactive) return 'stop';
      renderer.flush();
      const question = `Roll back what was done so far${everywhere()}?`;
      return (await unlessBrokenOff(() => agree(io, question), false)) ? 'roll-back' : 'stop';
    },
  };
}

/** Agrees to what many hosts need, or has the person at the terminal do it. */
export async function confirmFleet(
  { context, renderer, signal }: Pick<Asking, 'context' | 'signal'> & { renderer: Renderer },
  waiting: readonly { readonly host: string; readonly steps: number }[],
  risks: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<'yes' | 'no' | 'nobody'> {
  const { io, options } = context;
  if (options.yes === true) return 'yes';
  renderer.flush();
  if (!io.canAsk || options.output === 'json') return 'nobody';
  showPlan(io, renderer);
  io.err('\n');
  const changes = waiting.reduce((sum, { steps }) => sum + steps, 0);
  const names = waiting.map(({ host }) => host);
  const question = `Make ${count(changes, 'change')} on ${count(waiting.length, 'host')} (${shortList(names)})?`;
  return unlessBrokenOff(
    async () => ((await consent({ ...io, signal }, question, risks)) ? 'yes' : 'no'),
    'no',
  );
}

/** Whether the runs of a fleet are to be resumed, or rolled back, once what that does was shown. */
export async function confirmFleetAgain(
  { io, options }: Context,
  how: 'resume' | 'undo',
  hosts: readonly string[],
): Promise<'yes' | 'no' | 'nobody'> {
  if (options.yes === true) return 'yes';
  if (!io.canAsk || options.output === 'json') return 'nobody';
  const verb = how === 'undo' ? 'Roll back' : 'Resume';
  const question = `${verb} on ${count(hosts.length, 'host')} (${plain(shortList(hosts))})?`;
  return (await unlessBrokenOff(() => agree(io, question), false)) ? 'yes' : 'no';
}

const questions: { readonly [W in Approval]: (changes: number, on: string) => string } = {
  run: (changes, on) => `Make ${count(changes, 'change')}${on}?`,
  resume: (changes, on) => `Resume: make the ${count(changes, 'remaining change')}${on}?`,
  rollback: (changes, on) => `Roll back ${count(changes, 'step')}${on}?`,
};

/** Nothing is asked about a plan that was not seen: where standard output goes elsewhere, the terminal gets it too. */
function showPlan(io: Context['io'], renderer: Renderer): void {
  if (io.outIsTerminal) return;
  for (const line of renderer.lastPlan()) io.err(`${line}\n`);
}

function where(names: Iterable<string>): string {
  const distinct = [...new Set(names)];
  return distinct.length === 0 ? '' : ` on ${shortList(distinct)}`;
}

function shortList(names: readonly string[]): string {
  const more = names.length - 5;
  return more > 0 ? `${names.slice(0, 5).join(', ')} and ${more} more` : names.join(', ');
}

function risksOf(changes: readonly PlannedStep[]): ReadonlyMap<string, ReadonlySet<string>> {
  const risky = changes.flatMap(({ name, plan }) =>
    plan.plan === 'change' ? [{ name, risk: plan.risk }] : [],
  );
  const byRisk = Map.groupBy(risky, ({ risk }) => risk as string);
  return new Map([...byRisk].map(([risk, steps]) => [risk, new Set(steps.map(({ name }) => name))] as const));
}

/** Consent to the plan, and apart from it to what interrupts service and to what cannot be brought back. */
async function consent(
  io: Context['io'],
  question: string,
  risks: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<boolean> {
  const names = (risk: string) => [...(risks.get(risk) ?? [])].join('; ');
  if (!(await agree(io, question))) return false;
  const disruptive = names('disruptive');
  if (disruptive !== '' && !(await agree(io, `This interrupts service: ${disruptive}. Continue?`)))
    return false;
  const destructive = names('destructive');
  if (destructive === '') return true;
  return typeWord(io, `This cannot be brought back: ${destructive}. Type destroy to continue:`, 'destroy');
}

async function afterFailure(
  io: Context['io'],
  failure: Parameters<Decisions['onFailure']>[0],
  place: string,
) {
  const verifying = failure.id === 'verify';
  const all = [
    { name: 'try again', value: 'retry' },
    { name: 'skip this step and continue', value: 'skip' },
    { name: 'roll back what was done', value: 'roll-back' },
    { name: 'stop here and leave what was done', value: 'stop' },
  ] as const;
  const choices = all.filter(({ value }) => !verifying || value !== 'skip');
  const policyFirst = choices.toSorted(
    (a, b) => Number(b.value === failure.policy) - Number(a.value === failure.policy),
  );
  return choose<(typeof all)[number]['value']>(
    io,
    `${failure.name}${place} failed: ${failure.problem.message}`,
    policyFirst,
  );
}

async function unlessBrokenOff<T>(question: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await question();
  } catch (error) {
    if (error instanceof Unanswered) return otherwise;
    throw error;
  }
}
