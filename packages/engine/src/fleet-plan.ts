import { createHash } from 'node:crypto';
import { type PlannedStep, type Problem, stableStringify } from '@claw-run/core';
import type { RunOutcome } from './run-options.ts';

/** What was agreed to on one host, step by step, as hashes: all that is kept of a plan until its turn comes. */
export type Agreed = ReadonlyMap<string, string>;

export function agreedTo(steps: readonly PlannedStep[]): Agreed {
  return new Map(
    steps.flatMap((step) => (step.plan.plan === 'change' ? [[step.id, hashOf(essence(step))]] : [])),
  );
}

/** The problem where a host calls for anything by now that was not agreed to; less than that is no problem. */
export function beyondAgreed(agreed: Agreed, now: readonly PlannedStep[]): Problem | undefined {
  const moved = now.filter(
    (step) => step.plan.plan === 'change' && agreed.get(step.id) !== hashOf(essence(step)),
  );
  if (moved.length === 0) return undefined;
  return {
    code: 'stale-plan',
    message: `the target changed since it was agreed to: ${moved.map(({ name }) => name).join('; ')}`,
    hint: 'run again: it is planned anew from what is there now',
  };
}

/** Hosts that give the same text have the same causes and the same plan, or ended for the same reason. */
export function likeness({ causes, steps, status, problems, run }: RunOutcome, host: string): string {
  const plan = {
    status,
    problems: problems.map(({ code, message }) => ({ code, message: message.replaceAll(host, 'HOST') })),
    causes: causes.map(({ id, finding }) => ({ id, finding })),
    steps: steps.map(essence),
  };
  return hashOf(plan, run);
}

function essence({ id, uses, with: inputs, plan }: PlannedStep) {
  if (plan.plan !== 'change') return { id, plan: plan.plan };
  return { id, uses, inputs, diff: plan.diff, actions: plan.actions, deferred: plan.deferred };
}

function hashOf(value: object, run = ''): string {
  const text = stableStringify(value);
  return createHash('sha256')
    .update(run === '' ? text : text.replaceAll(run, 'RUN'))
    .digest('hex')
    .slice(0, 16);
}
