import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import {
  ClawError,
  isObject,
  type JsonObject,
  type PlannedStep,
  type Problem,
  type Redactor,
  type Runbook,
  Secret,
  stableStringify,
} from '@claw-run/core';
import type { RunOutcome } from '@claw-run/engine';
import { UsageError } from '../cli/usage-error.ts';
import { version } from '../version.ts';
import { bindTargets, type Reach } from './bind-targets.ts';
import type { Params } from './params.ts';

/** A saved plan: what was agreed to, and what it takes to plan the same again. No secrets: they are asked for again. */
export interface PlanFile {
  readonly format: 'claw-run plan 1';
  readonly version: string;
  readonly run: string;
  readonly startedAt: string;
  readonly runbook: string;
  readonly sources: { readonly [file: string]: string };
  readonly params: JsonObject;
  readonly facts: { readonly [name: string]: string };
  readonly selection: { readonly from?: string; readonly only?: readonly string[] };
  readonly bindings: JsonObject;
  readonly steps: readonly PlannedStep[];
  /** SHA-256 of all the above, keys sorted. */
  readonly sha256: string;
}

export interface ToSave {
  readonly runbook: Runbook;
  readonly params: Params;
  readonly facts: { readonly [name: string]: string };
  readonly selection: PlanFile['selection'];
  readonly bindings: JsonObject;
  readonly outcome: RunOutcome;
  readonly redactor: Redactor;
}

/** Writes a plan, for its owner alone. */
export async function savePlan(path: string, plan: ToSave): Promise<void> {
  const { runbook, params, outcome, redactor } = plan;
  const open = Object.entries(params).filter(([, value]) => !(value instanceof Secret));
  const body = {
    format: 'claw-run plan 1',
    version,
    run: outcome.run,
    startedAt: outcome.startedAt,
    runbook: runbook.name,
    sources: runbook.sources,
    params: Object.fromEntries(open),
    facts: plan.facts,
    selection: plan.selection,
    bindings: plan.bindings,
    steps: outcome.steps,
  };
  const safe = JSON.parse(redactor.redact(JSON.stringify(body))) as object;
  try {
    await writeFile(path, `${JSON.stringify({ ...safe, sha256: hashOf(safe) }, null, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new UsageError(`the plan cannot be written to ${path}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** Reads a saved plan. @throws UsageError where it is none, ClawError `stale-plan` where it was altered */
export async function readPlan(path: string, name: string): Promise<PlanFile> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`the plan ${name} cannot be read: ${error.code}`);
  });
  const plan = parsed(text);
  if (plan?.format !== 'claw-run plan 1') {
    throw new UsageError(`${name} is not a saved plan`, 'claw-run plan RUNBOOK -o FILE makes one');
  }
  const { sha256, ...body } = plan;
  if (sha256 !== hashOf(body)) {
    throw new ClawError('stale-plan', `the plan ${name} was altered after it was saved`, {
      hint: 'make it anew with claw-run plan RUNBOOK -o FILE',
    });
  }
  return plan as unknown as PlanFile;
}

/** Says what differs between the plan that was agreed to and the one that the world calls for now, or nothing. */
export function compareWith(agreed: readonly PlannedStep[], redactor: Redactor) {
  const normal = (step: PlannedStep | undefined) =>
    step === undefined ? undefined : redactor.redact(stableStringify(essence(step)));
  return (planned: readonly PlannedStep[]): Problem | undefined => {
    const ids = [...new Set([...agreed, ...planned].map(({ id }) => id))];
    const moved = ids.filter((id) => {
      const find = (steps: readonly PlannedStep[]) => steps.find((step) => step.id === id);
      return normal(find(agreed)) !== normal(find(planned));
    });
    if (moved.length === 0) return undefined;
    const names = moved.map((id) => {
      const step = [...planned, ...agreed].find((each) => each.id === id);
      const now = planned.find((each) => each.id === id)?.plan;
      const then = agreed.find((each) => each.id === id)?.plan;
      return `${step?.name} (was ${wordOf(then)}, is ${wordOf(now)}${now === undefined ? '' : `: ${now.because}`})`;
    });
    return {
      code: 'stale-plan',
      message: `the target changed since the plan was made: ${names.join('; ')}`,
      hint: 'plan again, look at it, and apply that',
    };
  };
}

/** What a journal or a plan needs to find the same targets again. */
export async function bindingsOf(runbook: Runbook, reach: Reach): Promise<JsonObject> {
  const bound = await bindTargets(runbook, reach);
  await bound.close();
  return bound.bindings;
}

/** What was agreed to in a step: steps that change nothing count as one, whatever the words. */
function essence({ id, uses, on, with: inputs, plan }: PlannedStep) {
  if (plan.plan !== 'change') return { id, plan: plan.plan === 'refused' ? 'refused' : 'nothing' };
  return { id, uses, on, with: inputs, diff: plan.diff, actions: plan.actions, deferred: plan.deferred };
}

function wordOf(plan: PlannedStep['plan'] | undefined): string {
  return plan === undefined
    ? 'absent'
    : { change: 'a change', settled: 'settled', skipped: 'skipped', refused: 'refused' }[plan.plan];
}

function hashOf(body: object): string {
  return createHash('sha256').update(stableStringify(body)).digest('hex');
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
