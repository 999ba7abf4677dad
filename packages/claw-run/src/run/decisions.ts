import type { PlannedStep } from '@claw-run/core';
import { type Decisions, unattended } from '@claw-run/engine';
import type { Context } from '../context.ts';
import { agree, choose, typeWord, Unanswered } from '../prompt.ts';
import type { Renderer } from '../render/renderer.ts';
import { count } from '../render/style.ts';

/** What the person at the terminal decides; where there is none, what the flags decided. */
export function createDecisions(context: Context, renderer: Renderer, signal: AbortSignal): Decisions {
  const { io, options } = context;
  const attended = io.canAsk && options.output !== 'json';
  const asking = { ...io, signal };
  const interactive = attended && options.yes !== true;
  return {
    confirm: async (plan) => {
      if (options.yes === true) return 'yes';
      if (!attended) return 'nobody';
      renderer.flush();
      io.err('\n');
      return unlessBrokenOff(async () => ((await consent(asking, ...whatOf(plan))) ? 'yes' : 'no'), 'no');
    },
    confirmStep: async (step) => {
      if (options.step !== true || !attended) return 'yes';
      renderer.flush();
      const choices = [
        { name: 'do it', value: 'yes' },
        { name: 'pass over it', value: 'skip' },
        { name: 'stop here', value: 'stop' },
      ] as const;
      return unlessBrokenOff(() => choose<'yes' | 'skip' | 'stop'>(asking, step.name, choices), 'stop');
    },
    onFailure: async (failure) => {
      if (!interactive) return unattended.onFailure(failure);
      renderer.flush();
      return unlessBrokenOff(() => afterFailure(asking, failure), 'stop');
    },
    onInterrupt: async (left) => {
      if (left.length > 0)
        io.err(`${count(left.length, 'step')} not done: ${left.map(({ name }) => name).join(', ')}\n`);
      if (!interactive) return 'stop';
      renderer.flush();
      const back = await unlessBrokenOff(() => agree(io, 'Undo what was done so far?'), false);
      return back ? 'roll-back' : 'stop';
    },
  };
}

/** Agrees to what many hosts call for, or has the person at the terminal do it. */
export async function confirmFleet(
  { context, renderer, signal }: { context: Context; renderer: Pick<Renderer, 'flush'>; signal: AbortSignal },
  waiting: readonly { readonly host: string; readonly steps: number }[],
  risks: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<'yes' | 'no' | 'nobody'> {
  const { io, options } = context;
  if (options.yes === true) return 'yes';
  renderer.flush();
  if (!io.canAsk || options.output === 'json') return 'nobody';
  io.err('\n');
  const changes = waiting.reduce((sum, { steps }) => sum + steps, 0);
  const what = `${count(changes, 'change')} on ${count(waiting.length, 'host')}`;
  return unlessBrokenOff(async () => ((await consent({ ...io, signal }, what, risks)) ? 'yes' : 'no'), 'no');
}

function whatOf(plan: readonly PlannedStep[]): [what: string, risks: Map<string, Set<string>>] {
  const changes = plan.flatMap(({ name, plan: each }) =>
    each.plan === 'change' ? [{ name, risk: each.risk }] : [],
  );
  const byRisk = Map.groupBy(changes, ({ risk }) => risk as string);
  const risks = [...byRisk].map(([risk, steps]) => [risk, new Set(steps.map(({ name }) => name))] as const);
  return [count(changes.length, 'change'), new Map(risks)];
}

/** Consent to the plan, and apart from it to what interrupts service and to what cannot be brought back. */
async function consent(
  io: Context['io'],
  what: string,
  risks: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<boolean> {
  const names = (risk: string) => [...(risks.get(risk) ?? [])].join('; ');
  if (!(await agree(io, `Make ${what}?`))) return false;
  const disruptive = names('disruptive');
  if (disruptive !== '' && !(await agree(io, `This interrupts service: ${disruptive}. Go on?`))) return false;
  const destructive = names('destructive');
  if (destructive === '') return true;
  return typeWord(io, `This cannot be brought back: ${destructive}. Type destroy to go on:`, 'destroy');
}

async function afterFailure(io: Context['io'], failure: Parameters<Decisions['onFailure']>[0]) {
  const verifying = failure.id === 'verify';
  const all = [
    { name: 'try again', value: 'retry' },
    { name: 'pass over it and go on', value: 'skip' },
    { name: 'roll back: undo what was done', value: 'roll-back' },
    { name: 'stop here and leave what was done', value: 'stop' },
  ] as const;
  const choices = all.filter(({ value }) => !verifying || value !== 'skip');
  const policyFirst = choices.toSorted(
    (a, b) => Number(b.value === failure.policy) - Number(a.value === failure.policy),
  );
  return choose<(typeof all)[number]['value']>(
    io,
    `${failure.name} failed: ${failure.problem.message}`,
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
