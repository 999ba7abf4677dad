import { diff, equal, type Json, type PlannedStep, problemOf } from '@claw-run/core';
import { pick } from './act.ts';
import type { History } from './history.ts';
import { checkInterrupt } from './interrupt.ts';
import { lookAt, parseInput } from './look.ts';
import type { Session } from './session.ts';

/** What is left to do of a run that stopped half way: of a step that began, what it still lacks; the others as they were agreed to. Reads only. */
export async function planResume(
  session: Session,
  { begun, skipped }: History,
  steps: readonly PlannedStep[],
): Promise<readonly PlannedStep[]> {
  session.forgetAll();
  const done = new Set([...skipped, ...begun.flatMap(({ id, verified }) => (verified ? [id] : []))]);
  const left = steps.filter(({ id, plan }) => plan.plan === 'change' && !done.has(id));
  const planned = await Promise.all(
    left.map(async (step) => {
      const half = begun.find(({ id, phase }) => id === step.id && phase === 'steps');
      return half === undefined ? step : await remaining(session, half.step);
    }),
  );
  session.forgetAll();
  return planned;
}

async function remaining(session: Session, step: PlannedStep): Promise<PlannedStep> {
  const uses = session.runbook.steps.find(({ id }) => id === step.id)?.uses;
  const { plan } = step;
  if (plan.plan !== 'change' || uses === undefined) return step;
  const because = 'it began and did not come to its end: what was done is found by looking';
  if (uses.type !== 'state') return { ...step, plan: { ...plan, because } };
  try {
    const input = parseInput(uses, step.with, step.id);
    const look = await lookAt(session.world(step.on), uses, input, session.signal);
    checkInterrupt(session.signal);
    if (look.look !== 'seen') return { ...step, plan: { ...plan, because } };
    const names = Object.keys(plan.after);
    const now = pick(look.seen, names);
    if (equal(now, plan.after))
      return { ...step, plan: { plan: 'settled', because: 'it began, and is as planned' } };
    const differences = names.flatMap((name) =>
      diff(now[name] as Json, plan.after[name] as Json, [look.facts[name]?.key ?? name]),
    );
    const actions = uses.actions(look.seen, { ...look.seen, ...plan.after }, look.input);
    return { ...step, plan: { ...plan, because, diff: differences, before: now, actions } };
  } catch (error) {
    problemOf(error);
    checkInterrupt(session.signal);
    return { ...step, plan: { ...plan, because } };
  }
}
