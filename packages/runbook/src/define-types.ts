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

/** What is wrong, in words: nothing can be given where this is wanted, and the compiler prints the words. */
export interface Wrong<Message extends string> {
  readonly [wrong]: Message;
}
declare const wrong: unique symbol;

/** A parameter, as in YAML; its default and its choices are of its type. */
export interface ParamOptions<Y extends ParamType = ParamType> {
  readonly type: Y;
  readonly summary?: string;
  readonly default?: ParamValues[Y] | Wrong<`default: must be ${ParamWords[Y]}`>;
  readonly from?: readonly string[];
  readonly choices?: readonly (ParamValues[Y] | Wrong<`choices: each must be ${ParamWords[Y]}`>)[];
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

export type ParamTypes = { readonly [name: string]: ParamType };
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

interface ParamWords {
  readonly string: 'a string';
  readonly integer: 'an integer';
  readonly number: 'a number';
  readonly boolean: 'true or false';
  readonly secret: 'a Secret';
  readonly list: 'a list';
  readonly map: 'a map';
}

/** What any definition has that the types need: its schemas and its target. */
export interface Typed {
  readonly id: string;
  readonly on: TargetKind;
  readonly type: DefinitionType;
  readonly input: z.ZodType;
}
export type DefinitionType = 'lookup' | 'check' | 'state' | 'event';

/** The named groups of a pattern: `account` of `'(?<account>[^']+)'`. */
export type Groups<P extends string> = P extends `${string}(?<${infer Name}>${infer Rest}`
  ? Name | Groups<Rest>
  : P extends `${string}(?P<${infer Name}>${infer Rest}`
    ? Name | Groups<Rest>
    : never;

export type ParamsScope<P extends ParamTypes> = { readonly [K in keyof P]: ParamValues[P[K]] };
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
  P extends ParamTypes,
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

/** The targets that a definition works on, of those of a runbook. */
type Fitting<On, T> = {
  [K in keyof T]: T[K] extends { readonly kind: infer Kind } ? (On extends Kind ? K : never) : never;
}[keyof T];

type WrongTarget<Id extends string, On extends TargetKind, T> = {
  [K in Exclude<keyof T, Fitting<On, T>> &
    string]: Wrong<`on: ${Id} works on a ${On}; target '${K}' is a ${KindOf<T[K]>}`>;
}[Exclude<keyof T, Fitting<On, T>> & string];
type KindOf<Target> = Target extends { readonly kind: infer Kind extends string } ? Kind : never;

type UsesOption<
  T,
  D extends Typed,
  Section extends keyof Sections,
> = D['type'] extends Sections[Section]['takes']
  ? [Fitting<D['on'], T>] extends [never]
    ? Wrong<`uses: ${D['id']} works on a ${D['on']}; no target is a ${D['on']}`>
    : D
  : Wrong<`uses: ${D['id']} is no ${Sections[Section]['words']}`>;

interface Sections {
  readonly facts: { readonly takes: 'lookup'; readonly words: 'lookup' };
  readonly causes: { readonly takes: 'check'; readonly words: 'check' };
  readonly steps: { readonly takes: 'state' | 'event'; readonly words: 'state or event' };
  readonly verify: { readonly takes: 'check' | 'event'; readonly words: 'check or event' };
}

/** Keys of any member of a union. */
type Keys<T> = T extends unknown ? keyof T : never;
type At<T, K> = T extends unknown ? (K extends keyof T ? T[K] : never) : never;

/** Paths of the keys that a value has and its input does not, four levels deep; nothing where the input takes any key. */
type Excess<W, In, Depth extends readonly unknown[] = []> = Depth['length'] extends 4
  ? never
  : unknown extends In
    ? never
    : [Json] extends [In]
      ? never
      : W extends Plain
        ? never
        : W extends readonly (infer Item)[]
          ? In extends readonly (infer Wanted)[]
            ? Excess<Item, Wanted, [...Depth, 0]>
            : never
          : string extends keyof W
            ? never
            : {
                [K in keyof W & string]: K extends Keys<Exclude<In, Plain>>
                  ? Under<K, Excess<W[K], At<Exclude<In, Plain>, K>, [...Depth, 0]>>
                  : K;
              }[keyof W & string];
type Plain = string | number | boolean | null | undefined | Secret;
type Under<K extends string, Path extends string> = `${K}.${Path}`;
type First<Path extends string> = Path extends `${infer Key}.${string}` ? Key : Path;

type UnknownInput<Message extends string, Path extends string> = {
  readonly [K in First<Path>]: Wrong<Message>;
};

/** A function that gives inputs which the step does not have. */
type WithUnknownInput<Message extends string, Path extends string> = (
  scope: never,
) => UnknownInput<Message, Path>;

type NoInput<D extends Typed, Path extends string> = `with: ${D['id']} has no input '${Path}'`;

type WithOf<Scope, D extends Typed> = (scope: Scope) => z.input<D['input']>;

/** `W` is what is given; unknown while the compiler has not seen it yet, and where nothing is given. */
type WithOption<D extends Typed, Scope, W> = unknown extends W
  ? { readonly with?: z.input<D['input']> | WithOf<Scope, D> }
  : W extends (...scope: never) => infer R
    ? [Excess<R, z.input<D['input']>>] extends [never]
      ? { readonly with: WithOf<Scope, D> }
      : {
          readonly with: WithUnknownInput<
            NoInput<D, Excess<R, z.input<D['input']>>>,
            Excess<R, z.input<D['input']>>
          >;
        }
    : [Excess<W, z.input<D['input']>>] extends [never]
      ? { readonly with: z.input<D['input']> }
      : {
          readonly with: UnknownInput<
            NoInput<D, Excess<W, z.input<D['input']>>>,
            Excess<W, z.input<D['input']>>
          >;
        };

/** One use of a definition. `with` is a value, or a function of the scope; `needs` is found by trying the functions. */
interface CommonOptions<D extends Typed, Scope, T, Section extends keyof Sections> {
  readonly uses: UsesOption<T, D, Section>;
  readonly on?: Fitting<D['on'], T> | WrongTarget<D['id'], D['on'], T>;
  readonly name?: string;
  readonly if?: (scope: Scope) => boolean;
  /** The names that `with` and `if` use, where trying them does not show all: `params.namespace`, `steps.account`. */
  readonly needs?: readonly string[];
}

type UseOptions<D extends Typed, Scope, T, W, Section extends keyof Sections> = CommonOptions<
  D,
  Scope,
  T,
  Section
> &
  WithOption<D, Scope, W>;

export type FactOptions<D extends Typed, Scope, T, W> = UseOptions<D, Scope, T, W, 'facts'>;

export type StepOptions<D extends Typed, Scope, T, W> = UseOptions<D, Scope, T, W, 'steps'> & {
  readonly timeout?: string;
  readonly retry?: { readonly attempts: number; readonly delay?: string; readonly backoff?: number };
  readonly onFailure?: OnFailure;
};

export type CauseOptions<D extends Typed, Scope, T, W> = UseOptions<D, Scope, T, W, 'causes'> & {
  readonly title: string;
};

export type VerificationOptions<D extends Typed, Scope, T, W> = UseOptions<D, Scope, T, W, 'verify'> & {
  readonly within?: string;
};

/** What each use of a section is given. */
export type Given<W> = { readonly [K in keyof W]: { readonly with?: K extends never ? W[K] : unknown } };
export type GivenTo<W, K> = K extends keyof W ? W[K] : unknown;

export type AnyUsed = AnyState | AnyEvent | AnyCheck | AnyLookup;
