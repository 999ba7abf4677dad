import type * as z from 'zod';
import type { ActionOf } from './action.ts';
import type { Facts, Seen, TargetKind } from './fact.ts';
import type { Json, JsonObject } from './json.ts';

/**
 * What acting costs the users of the target.
 * `routine`: nothing; `disruptive`: a restart, a short outage; `destructive`: something is lost that undo cannot bring back.
 */
export type Risk = 'read-only' | 'routine' | 'disruptive' | 'destructive';

/** A step refuses to act: the finding and the next move. */
export interface Refused {
  readonly refused: string;
  readonly hint?: string;
}

/** What a check finds. `unknown` when it cannot be told; never a guess. */
export interface Verdict {
  readonly verdict: 'pass' | 'fail' | 'unknown';
  readonly because: string;
  readonly evidence?: Json;
}

/** What an event's world looks like after its actions. `pending` is looked at again until the time allowed has passed. */
export interface Progress {
  readonly progress: 'done' | 'pending' | 'failed';
  readonly because: string;
  readonly evidence?: Json;
}

/** The moment an event is asked for. */
export interface Occasion {
  readonly run: string;
  /** RFC 3339, UTC; when the run started. */
  readonly startedAt: string;
  /** Ids of the steps of this run that changed something, or will. */
  readonly changed: readonly string[];
}

export interface Irreversible {
  readonly irreversible: string;
}

/**
 * Undone by happening once more, after all that came before it has been undone: a restart or a flush, by which what was
 * restored takes effect. Says why.
 */
export interface Again {
  readonly again: string;
}

/** One call of a step, for its documentation and for the laws; `with` must parse. */
export interface Example {
  readonly title: string;
  readonly with: JsonObject;
}

interface Head<K extends TargetKind, S extends z.ZodType> {
  /** `library.name`, kebab-case. */
  readonly id: string;
  readonly on: K;
  /** One sentence: what is so when the step has done its work. */
  readonly summary: string;
  /** Markdown: what one should know before using it, and the source of its rules. */
  readonly description?: string;
  readonly input: S;
  readonly examples: readonly Example[];
}

interface Observing<K extends TargetKind, S extends z.ZodType, F extends Facts<K>, G extends Facts<K>> {
  /** The facts it needs. Pure. */
  readonly facts: (input: z.output<S>) => F;
  /** The facts that can only be named once the first are known. Pure. */
  readonly moreFacts?: (input: z.output<S>, seen: Seen<F>) => G;
}

type Both<F, G> = Seen<F> & Seen<G>;

interface Acting {
  readonly risk: Exclude<Risk, 'read-only'>;
  /** How long its world may take to show the change; 30 where absent. */
  readonly settlesWithinSeconds?: number;
  /**
   * How long the change has to last until it counts, for what can look well and fall over in the next moment: a process that was
   * started. Believed at once where absent.
   */
  readonly steadySeconds?: number;
}

/** A thing that should be so. See `defineState`. */
export interface StateStep<
  K extends TargetKind,
  S extends z.ZodType,
  F extends Facts<K>,
  G extends Facts<K> = Record<never, never>,
> extends Head<K, S>,
    Observing<K, S, F, G>,
    Acting {
  /** The facts as they should be: those that change, with the values that will be observed. Pure. */
  readonly desire: (input: z.output<S>, seen: Both<F, G>) => Partial<Both<F, G>> | Refused;
  /** The actions that lead from any state to any other; undo is the same function, called the other way round. Pure. */
  readonly actions: (from: Both<F, G>, to: Both<F, G>, input: z.output<S>) => readonly ActionOf<K>[];
  /** Why the plan is what it is, where the difference alone does not say (a replacement, say). */
  readonly explain?: (from: Both<F, G>, to: Both<F, G>, input: z.output<S>) => string | undefined;
  /** What later steps may use as `steps.<id>.output`. */
  readonly output?: (input: z.output<S>, seen: Both<F, G>) => JsonObject;
}

/** Something that happens. See `defineEvent`. */
export interface EventStep<
  K extends TargetKind,
  S extends z.ZodType,
  F extends Facts<K>,
  G extends Facts<K> = Record<never, never>,
> extends Head<K, S>,
    Observing<K, S, F, G>,
    Acting {
  /** Why it has to happen, or nothing when it does not have to (or has happened on this occasion). Pure. */
  readonly needed: (input: z.output<S>, seen: Both<F, G>, occasion: Occasion) => string | undefined | Refused;
  readonly actions: (input: z.output<S>, seen: Both<F, G>, occasion: Occasion) => readonly ActionOf<K>[];
  /** Whether it has happened and what it was for has come about. Pure. */
  readonly done: (input: z.output<S>, seen: Both<F, G>, occasion: Occasion) => Progress;
  /** Actions that take it back, from what was seen before it and what is seen now; or why nothing can. */
  readonly undo:
    | Irreversible
    | Again
    | ((input: z.output<S>, before: Both<F, G>, now: Both<F, G>) => readonly ActionOf<K>[]);
  /** Why this use cannot be undone though others can; told in the plan like `Irreversible`. Pure. */
  readonly irreversible?: (input: z.output<S>) => string | undefined;
  /** Actions once it is done: what it needed only for itself is cleared away. */
  readonly tidy?: (input: z.output<S>, seen: Both<F, G>, occasion: Occasion) => readonly ActionOf<K>[];
  readonly output?: (input: z.output<S>, seen: Both<F, G>) => JsonObject;
}

/** Only asserts. See `defineCheck`. */
export interface CheckStep<
  K extends TargetKind,
  S extends z.ZodType,
  F extends Facts<K>,
  G extends Facts<K> = Record<never, never>,
> extends Head<K, S>,
    Observing<K, S, F, G> {
  readonly expect: (input: z.output<S>, seen: Both<F, G>) => Verdict;
}

/** Takes named values from a target into a runbook. See `defineLookup`. */
export interface Lookup<
  K extends TargetKind,
  S extends z.ZodType,
  F extends Facts<K>,
  G extends Facts<K> = Record<never, never>,
  O extends z.ZodType = z.ZodType,
> extends Head<K, S>,
    Observing<K, S, F, G> {
  /** The shape of the value, for the type check of expressions. */
  readonly output: O;
  /** The value, or nothing when it is not there (using it is then an error that says so). */
  readonly value: (input: z.output<S>, seen: Both<F, G>) => Json | undefined;
}

/** Defines a thing that should be so. Dry run, verification, idempotence, resume and undo come from it with no further code. */
export function defineState<
  const K extends TargetKind,
  S extends z.ZodType,
  F extends Facts<K>,
  G extends Facts<K> = Record<never, never>,
  const I extends string = string,
>(
  step: StateStep<K, S, F, G> & { readonly id: I },
): StateStep<K, S, F, G> & { readonly type: 'state'; readonly id: I } {
  return { ...step, type: 'state' };
}

/** Defines something that happens: a restart, a rotation, a test job. */
export function defineEvent<
  const K extends TargetKind,
  S extends z.ZodType,
  F extends Facts<K>,
  G extends Facts<K> = Record<never, never>,
  const I extends string = string,
>(
  step: EventStep<K, S, F, G> & { readonly id: I },
): EventStep<K, S, F, G> & { readonly type: 'event'; readonly id: I } {
  return { ...step, type: 'event' };
}

/** Defines an assertion: for causes, preflight and verification. */
export function defineCheck<
  const K extends TargetKind,
  S extends z.ZodType,
  F extends Facts<K>,
  G extends Facts<K> = Record<never, never>,
  const I extends string = string,
>(
  step: CheckStep<K, S, F, G> & { readonly id: I },
): CheckStep<K, S, F, G> & { readonly type: 'check'; readonly id: I } {
  return { ...step, type: 'check' };
}

/** Defines a lookup: values that a runbook reads from a target and uses in expressions as `facts.<name>`. */
export function defineLookup<
  const K extends TargetKind,
  S extends z.ZodType,
  F extends Facts<K>,
  G extends Facts<K> = Record<never, never>,
  O extends z.ZodType = z.ZodType,
  const I extends string = string,
>(
  step: Lookup<K, S, F, G, O> & { readonly id: I },
): Lookup<K, S, F, G, O> & { readonly type: 'lookup'; readonly id: I } {
  return { ...step, type: 'lookup' };
}

/** `pass('3 pods are ready', evidence)` */
export function pass(because: string, evidence?: Json): Verdict {
  return evidence === undefined ? { verdict: 'pass', because } : { verdict: 'pass', because, evidence };
}

/** `fail('1 of 3 pods is not ready', evidence)` */
export function fail(because: string, evidence?: Json): Verdict {
  return evidence === undefined ? { verdict: 'fail', because } : { verdict: 'fail', because, evidence };
}

/** `unknown('the pattern does not compile')`: it cannot be told. */
export function unknown(because: string, evidence?: Json): Verdict {
  return evidence === undefined ? { verdict: 'unknown', because } : { verdict: 'unknown', because, evidence };
}

/** A refusal: the finding, and the next move. */
export function refused(finding: string, hint?: string): Refused {
  return hint === undefined ? { refused: finding } : { refused: finding, hint };
}

export function isRefused(value: unknown): value is Refused {
  return (
    typeof value === 'object' && value !== null && 'refused' in value && typeof value.refused === 'string'
  );
}
