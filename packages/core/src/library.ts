import type * as z from 'zod';
import type { Action } from './action.ts';
import type { Facts, TargetKind } from './fact.ts';
import type { Json, JsonObject } from './json.ts';
import type { Again, Example, Irreversible, Occasion, Progress, Refused, Risk, Verdict } from './step.ts';

type Observation = { readonly [fact: string]: unknown };

interface AnyHead {
  readonly id: string;
  readonly on: TargetKind;
  readonly summary: string;
  readonly description?: string;
  readonly input: z.ZodType;
  readonly examples: readonly Example[];
  facts(input: unknown): Facts;
  moreFacts?(input: unknown, seen: Observation): Facts;
}

/** Any state step, its types forgotten: what the engine works with. Methods, so that every typed step fits. */
export interface AnyState extends AnyHead {
  readonly type: 'state';
  readonly risk: Exclude<Risk, 'read-only'>;
  readonly settlesWithinSeconds?: number;
  readonly steadySeconds?: number;
  desire(input: unknown, seen: Observation): Observation | Refused;
  actions(from: Observation, to: Observation, input: unknown): readonly Action[];
  explain?(from: Observation, to: Observation, input: unknown): string | undefined;
  output?(input: unknown, seen: Observation): JsonObject;
}

/** Any event, its types forgotten. */
export interface AnyEvent extends AnyHead {
  readonly type: 'event';
  readonly risk: Exclude<Risk, 'read-only'>;
  readonly settlesWithinSeconds?: number;
  readonly steadySeconds?: number;
  needed(input: unknown, seen: Observation, occasion: Occasion): string | undefined | Refused;
  actions(input: unknown, seen: Observation, occasion: Occasion): readonly Action[];
  done(input: unknown, seen: Observation, occasion: Occasion): Progress;
  readonly undo: Irreversible | Again | AnyUndo['undo'];
  irreversible?(input: unknown): string | undefined;
  tidy?(input: unknown, seen: Observation, occasion: Occasion): readonly Action[];
  output?(input: unknown, seen: Observation): JsonObject;
}

interface AnyUndo {
  undo(input: unknown, before: Observation, now: Observation): readonly Action[];
}

/** Any check, its types forgotten. */
export interface AnyCheck extends AnyHead {
  readonly type: 'check';
  expect(input: unknown, seen: Observation): Verdict;
}

/** Any lookup, its types forgotten. */
export interface AnyLookup extends AnyHead {
  readonly type: 'lookup';
  readonly output: z.ZodType;
  value(input: unknown, seen: Observation): Json | undefined;
}

/** Anything that a step library offers. */
export type Definition = AnyState | AnyEvent | AnyCheck | AnyLookup;

/** Whether what a module exports is a definition: by its parts, for a library brings a copy of this package of its own. */
export function isDefinition(value: unknown): value is Definition {
  if (typeof value !== 'object' || value === null) return false;
  const { type, id, facts } = value as { type?: unknown; id?: unknown; facts?: unknown };
  return (
    ['state', 'event', 'check', 'lookup'].includes(String(type)) &&
    typeof id === 'string' &&
    typeof facts === 'function'
  );
}

/** Steps, checks and lookups by id. */
export type Library = ReadonlyMap<string, Definition>;

/** Joins libraries; an id that two of them claim is an error. */
export function createLibrary(...lists: readonly (readonly Definition[])[]): Library {
  const library = new Map<string, Definition>();
  for (const definition of lists.flat()) {
    if (library.has(definition.id)) throw new Error(`two definitions claim the id ${definition.id}`);
    library.set(definition.id, definition);
  }
  return library;
}
