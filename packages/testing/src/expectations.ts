import {
  type AnyEvent,
  type AnyState,
  type ChangePlan,
  equal,
  type Json,
  mapSecrets,
  type PlannedStep,
} from '@claw-run/core';
import type { RunOutcome } from '@claw-run/engine';
import { expect } from 'vitest';
import type { Scene } from './bench.ts';
import { notJson } from './plain.ts';
import { replayDiff } from './replay-diff.ts';
import { essence, type Snapshot } from './snapshot.ts';
import type { Identity } from './trial.ts';

export function expectOk(outcome: RunOutcome): void {
  const { status, problems, missingGrants } = outcome;
  const told = problems.map(({ message }) => message).join('; ');
  expect({ status, problems, missingGrants }, told).toEqual({
    status: 'ok',
    problems: [],
    missingGrants: [],
  });
}

/** The plan of a step that has something to change. */
export function changeOf({ plan }: PlannedStep): ChangePlan {
  expect(plan.plan, plan.because).toBe('change');
  return plan as ChangePlan;
}

export function expectReason({ plan }: PlannedStep): void {
  expect(plan.because.trim(), `a plan that is ${plan.plan} has to say why`).not.toBe('');
  if (plan.plan === 'refused') expect(plan.problem.message.trim()).not.toBe('');
}

export function expectSame(now: Snapshot, then: Snapshot, plan: ChangePlan): void {
  const recreated = plan.actions.some((action) => action.do === 'create' || action.do === 'delete');
  expectEqual(essence(now, { recreated }), essence(then, { recreated }));
}

/** Equality of JSON where secrets count for what they hide; the comparison that is shown does not reveal them. */
export function expectEqual(actual: unknown, expected: unknown): void {
  if (equal(actual, expected)) return;
  const shown = (value: unknown) => mapSecrets(value, (secret) => `${secret}`);
  expect(shown(actual)).toEqual(shown(expected));
  throw new Error('two secrets differ');
}

/** What is observed is what was predicted, and the diff leads from the one to the other. */
export async function expectAsPredicted(scene: Scene, plan: ChangePlan): Promise<void> {
  const { facts, seen } = await scene.observe();
  const names = Object.keys(plan.after);
  expectEqual(Object.fromEntries(names.map((name) => [name, seen[name]])), plan.after);
  const byKey = (values: { readonly [name: string]: Json | undefined }) =>
    Object.fromEntries(names.map((name) => [facts[name]?.key ?? name, values[name]]));
  if (names.length > 0) expectEqual(replayDiff(byKey(plan.before), plan.diff), byKey(plan.after));
}

/** Nothing is left to do, on the same occasion. */
export async function expectSettled(scene: Scene, identity: Identity): Promise<void> {
  const { plan } = await scene.trial.plan(identity);
  expect({ plan: plan.plan, because: plan.because }).toMatchObject({ plan: 'settled' });
}

export function expectJson(value: unknown, what: string): void {
  expect(notJson(value, what)).toBeUndefined();
}

export function isReversible(definition: AnyState | AnyEvent): boolean {
  return definition.type === 'state' || typeof definition.undo === 'function';
}

/** Whether it can be seen afterwards that it has happened: an event that tidies up leaves nothing to tell by. */
export function leavesTraces(definition: AnyState | AnyEvent): boolean {
  return definition.type === 'state' || definition.tidy === undefined;
}
