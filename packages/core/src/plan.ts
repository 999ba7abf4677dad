import type { Action } from './action.ts';
import { equal, isObject, type Json, type JsonObject } from './json.ts';
import type { Problem } from './problem.ts';
import type { Risk } from './step.ts';

/** What would change. `path` is the fact's key and, inside it, the keys and indexes that lead to the value. */
export interface Difference {
  readonly path: readonly (string | number)[];
  readonly before?: Json;
  readonly after?: Json;
  /** In events, instead of the two where they are texts of several lines: those that differ, marked by `-` and `+`. */
  readonly lines?: readonly string[];
}

/** What a step would do; plain JSON, so that a plan can be saved, shown and compared. */
export type StepPlan =
  | { readonly plan: 'settled'; readonly because: string }
  | ChangePlan
  | { readonly plan: 'refused'; readonly because: string; readonly problem: Problem }
  | { readonly plan: 'skipped'; readonly because: string };

export interface ChangePlan {
  readonly plan: 'change';
  readonly because: string;
  readonly risk: Risk;
  readonly diff: readonly Difference[];
  /** What was seen, by fact name. */
  readonly before: JsonObject;
  /** What will be seen, by fact name; for an event only what it takes no part in. */
  readonly after: JsonObject;
  readonly actions: readonly Action[];
  /** Why it cannot be undone, where it cannot. */
  readonly irreversible?: string;
  /** Set where the step can only be decided when it is reached: what it waits for. */
  readonly deferred?: string;
}

/** A step of a plan, with the inputs it was planned with. */
export interface PlannedStep {
  readonly id: string;
  readonly name: string;
  readonly uses: string;
  /** The name of the target in the runbook. */
  readonly on: string;
  readonly with: Json;
  readonly plan: StepPlan;
}

/** The differences of two observations, down to the fields; arrays of different length differ as a whole. */
export function diff(
  before: Json | undefined,
  after: Json | undefined,
  path: readonly (string | number)[] = [],
): readonly Difference[] {
  if (equal(before, after)) return [];
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) =>
      diff(before[key] as Json | undefined, after[key] as Json | undefined, [...path, key]),
    );
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((item: Json, index) => diff(item, after[index] as Json, [...path, index]));
  }
  return [{ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
}
