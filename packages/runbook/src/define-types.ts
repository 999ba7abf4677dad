import type {
  AnyCheck,
  AnyEvent,
  AnyLookup,
  AnyState,
  CauseScope,
  Json,
  OnFailure,
  ParamType,
  Secret,
  TargetKind,
} from '@claw-run/core';
import type * as z from 'zod';

/** A parameter, as in YAML. */
export interface ParamOptions {
  readonly type: ParamType;
  readonly summary?: string;
  readonly default?: Json;
  readonly from?: readonly string[];
  readonly choices?: readonly Json[];
  readonly pattern?: string;
  readonly required?: boolean;
}

export interface TargetOptions {
  readonly kind: TargetKind;
  readonly many?: boolean;
  readonly default?: string;
  readonly rollOut?: {
    readonly batches: readonly string[];
    readonly stopWhenFailed?: number;
    readonly pause?: string;
  };
}

export type ParamsOptions = { readonly [name: string]: ParamOptions };
export type TargetsOptions = { readonly [name: string]: TargetOptions };

interface ParamValues {
  readonly string: string;
  readonly integer: number;
  readonly number: number;
  readonly boolean: boolean;
  readonly secret: Secret;
  readonly list: readonly Json[];
  readonly map: { readonly [key: string]: Json | undefined };
}

/** What any definition has that the types need: its schemas and its target. */
export interface Typed {
  readonly id: string;
  readonly on: TargetKind;
  readonly input: z.ZodType;
}
export type TypedLookup = Typed & { readonly type: 'lookup'; readonly output: z.ZodType };
export type TypedCheck = Typed & { readonly type: 'check' };
export type TypedAction = Typed & { readonly type: 'state' | 'event' };
export type TypedProof = Typed & { readonly type: 'check' | 'event' };

/** The named groups of a pattern: `account` of `'(?<account>[^']+)'`. */
export type Groups<P extends string> = P extends `${string}(?<${infer Name}>${infer Rest}`
  ? Name | Groups<Rest>
  : P extends `${string}(?P<${infer Name}>${infer Rest}`
    ? Name | Groups<Rest>
    : never;

export type ParamsScope<P extends ParamsOptions> = { readonly [K in keyof P]: ParamValues[P[K]['type']] };
export type FactsScope<L, G extends string> = {
  readonly [K in keyof L]: L[K] extends { readonly output: z.ZodType } ? z.output<L[K]['output']> : Json;
} & { readonly [K in G]: string };

interface TypedStepScope {
  readonly changed: boolean;
  readonly skipped: boolean;
  readonly output: { readonly [key: string]: Json | undefined };
}

/** What the functions of a runbook in TypeScript see. */
export interface TypedScope<
  P extends ParamsOptions,
  L,
  G extends string,
  C extends PropertyKey,
  S extends PropertyKey,
> {
  readonly params: ParamsScope<P>;
  readonly facts: FactsScope<L, G>;
  readonly causes: { readonly [K in C]: CauseScope };
  readonly steps: { readonly [K in S]: TypedStepScope };
  readonly run: { readonly id: string; readonly startedAt: string; readonly dryRun: boolean };
}

/** One use of a definition. `with` is a value, or a function of the scope; `needs` is found by trying the functions. */
export interface UseOptions<D extends Typed, Scope, Target extends PropertyKey> {
  readonly uses: D;
  readonly on?: Target;
  readonly name?: string;
  readonly with?: z.input<D['input']> | ((scope: Scope) => z.input<D['input']>);
  readonly if?: (scope: Scope) => boolean;
  /** The names that `with` and `if` use, where trying them does not show all: `params.namespace`, `steps.account`. */
  readonly needs?: readonly string[];
}

export interface StepOptions<D extends Typed, Scope, Target extends PropertyKey>
  extends UseOptions<D, Scope, Target> {
  readonly timeout?: string;
  readonly retry?: { readonly attempts: number; readonly delay?: string; readonly backoff?: number };
  readonly onFailure?: OnFailure;
}

export interface CauseOptions<D extends Typed, Scope, Target extends PropertyKey>
  extends UseOptions<D, Scope, Target> {
  readonly title: string;
}

export interface VerificationOptions<D extends Typed, Scope, Target extends PropertyKey>
  extends UseOptions<D, Scope, Target> {
  readonly within?: string;
}

export type AnyUsed = AnyState | AnyEvent | AnyCheck | AnyLookup;
