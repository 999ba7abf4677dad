import {
  ClawError,
  type Definition,
  type Facts,
  type Problem,
  problemOf,
  type Scope,
  type Use,
} from '@claw-run/core';
import type { AnyFact, Leaving, Observation, World } from './world.ts';

/** What a step sees: its inputs, its facts (both stages) and their values; or why it cannot see them. */
export type Look =
  | {
      readonly look: 'seen';
      readonly input: unknown;
      readonly facts: Facts;
      readonly seen: { readonly [fact: string]: unknown };
      readonly leaving: readonly Leaving[];
    }
  | {
      readonly look: 'unreadable';
      readonly input: unknown;
      readonly problem: Problem;
      readonly unreadable: Observation['unreadable'];
    }
  | { readonly look: 'unpredictable'; readonly input: unknown; readonly waitsFor: string };

/** Evaluates and parses the inputs of a use. @throws ClawError `value-missing` or `input-invalid` */
export function inputOf(use: Use<Definition>, scope: Scope): unknown {
  return parseInput(use.uses, use.with(scope), use.id);
}

/** Parses inputs by the schema of a definition. @throws ClawError `input-invalid` that names every wrong field */
export function parseInput(definition: Definition, raw: unknown, id: string): unknown {
  const parsed = definition.input.safeParse(raw);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'with'}: ${issue.message}`);
  throw new ClawError(
    'input-invalid',
    `the inputs of ${id} (${definition.id}) are wrong: ${wrong.join('; ')}`,
    {
      hint: `claw-run explain ${definition.id} shows what it takes`,
    },
  );
}

/** Observes the facts of a definition, the second stage included. */
export async function lookAt(
  world: World,
  definition: Definition,
  input: unknown,
  signal: AbortSignal,
): Promise<Look> {
  const facts = definition.facts(input);
  const first = await world.observe(facts, signal);
  const blocked = obstacle(first, input);
  if (blocked !== undefined || definition.moreFacts === undefined) {
    return blocked ?? { look: 'seen', input, facts, seen: first.seen, leaving: first.leaving };
  }
  const more = definition.moreFacts(input, first.seen);
  const second = await world.observe(more, signal);
  return (
    obstacle(second, input) ?? {
      look: 'seen',
      input,
      facts: { ...facts, ...more },
      seen: { ...first.seen, ...second.seen },
      leaving: [...first.leaving, ...second.leaving],
    }
  );
}

/** Starts the reads of a use whose inputs are known already; says nothing where they are not. */
export function prefetch(world: World, use: Use<Definition>, scope: Scope, signal: AbortSignal): void {
  try {
    if (use.if !== undefined && !use.if(scope)) return;
    world.prefetch(use.uses.facts(inputOf(use, scope)), signal);
  } catch (error) {
    problemOf(error);
  }
}

function obstacle(observation: Observation, input: unknown): Look | undefined {
  const [failed] = observation.unreadable;
  if (failed !== undefined) {
    return { look: 'unreadable', input, problem: failed.problem, unreadable: observation.unreadable };
  }
  const [waiting] = observation.unpredictable;
  return waiting === undefined
    ? undefined
    : { look: 'unpredictable', input, waitsFor: namesOf(observation.unpredictable) };
}

function namesOf(facts: readonly AnyFact[]): string {
  return facts.map((fact) => fact.key).join(', ');
}

/** What is told of objects that are being deleted: a write to them is lost, and there is no way back. */
export function leavingText(leaving: readonly Leaving[]): string {
  return leaving
    .map(({ name, finalizers }) =>
      finalizers.length === 0
        ? `${name} is being deleted`
        : `${name} is being deleted, held by its finalizers ${finalizers.join(', ')}`,
    )
    .join('; ');
}
