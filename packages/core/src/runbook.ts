import type { TargetKind } from './fact.ts';
import type { Json } from './json.ts';
import type { AnyCheck, AnyEvent, AnyLookup, AnyState } from './library.ts';
import type { Position } from './problem.ts';
import type { Secret } from './secret.ts';

/** A compiled runbook: checked, its steps found, its expressions callable. What the engine runs. */
export interface Runbook {
  readonly name: string;
  readonly title: string;
  readonly description?: string;
  /** Error codes by which `diagnose` finds the runbook. */
  readonly fixes: readonly string[];
  readonly symptoms: readonly Symptom[];
  readonly params: readonly Param[];
  readonly targets: readonly Target[];
  readonly lookups: readonly Use<AnyLookup>[];
  readonly causes: readonly Cause[];
  readonly steps: readonly Step[];
  readonly verify: readonly Verification[];
  readonly onFailure: OnFailure;
  /** The modules that its own steps are from, by absolute path, so that a past run finds them again. */
  readonly libraries?: readonly string[];
  /** The files it was compiled from, by name, so that a run can be resumed though they have changed since. */
  readonly sources: { readonly [file: string]: string };
}

/** A pattern found in logs; its named groups become facts. */
export interface Symptom {
  readonly pattern: string;
  /** The named groups of the first line that matches, or nothing. */
  readonly match: (text: string) => { readonly [group: string]: string } | undefined;
}

export type ParamType = 'string' | 'integer' | 'number' | 'boolean' | 'secret' | 'list' | 'map';

export interface Param {
  readonly name: string;
  readonly type: ParamType;
  readonly summary?: string;
  readonly default?: Json;
  /** Where a value may come from when none is given: `env:NAME`, `file:PATH`, `prompt`; in order. */
  readonly from: readonly string[];
  readonly choices?: readonly Json[];
  /** RE2; a string must match it as a whole. */
  readonly pattern?: string;
  readonly required: boolean;
  readonly position?: Position;
}

export type ParamValue = Json | Secret;

export interface Target {
  readonly name: string;
  readonly kind: TargetKind;
  readonly many: boolean;
  /** `local`, or a URL, where no binding is given. */
  readonly default?: string;
  readonly rollOut?: {
    readonly batches: readonly string[];
    readonly stopWhenFailed?: number;
    readonly pauseSeconds?: number;
  };
  readonly position?: Position;
}

export type OnFailure = 'roll-back' | 'stop' | 'continue';

/** One use of a definition in a runbook. `evaluate` functions throw a ClawError `value-missing` for what is not there. */
export interface Use<D> {
  readonly id: string;
  readonly name: string;
  readonly uses: D;
  /** The name of a target. */
  readonly on: string;
  /** The inputs, expressions evaluated; not yet parsed by the schema. */
  readonly with: (scope: Scope) => unknown;
  readonly if?: (scope: Scope) => boolean;
  /** The `if` as written. */
  readonly ifText?: string;
  /** The names that `with` and `if` use: `params.namespace`, `facts.worker`, `steps.account`, `causes.rbac`. */
  readonly needs: readonly string[];
  readonly position?: Position;
}

export interface Cause extends Use<AnyCheck> {
  readonly title: string;
}

export interface Step extends Use<AnyState | AnyEvent> {
  readonly timeoutSeconds?: number;
  readonly retry?: { readonly attempts: number; readonly delaySeconds: number; readonly backoff: number };
  readonly onFailure?: OnFailure;
}

/** Proof: a check that must pass, or an event (a test job) that must come about, within a time. */
export interface Verification extends Use<AnyCheck | AnyEvent> {
  readonly withinSeconds?: number;
}

/** What expressions see. */
export interface Scope {
  readonly params: { readonly [name: string]: ParamValue };
  readonly targets: { readonly [name: string]: { readonly name: string; readonly kind: TargetKind } };
  readonly facts: { readonly [name: string]: Json | undefined };
  readonly causes: { readonly [id: string]: CauseScope };
  readonly steps: { readonly [id: string]: StepScope };
  readonly run: { readonly id: string; readonly startedAt: string; readonly dryRun: boolean };
}

export interface CauseScope {
  readonly found: boolean;
  readonly excluded: boolean;
  readonly unknown: boolean;
  readonly evidence?: Json;
}

export interface StepScope {
  readonly changed: boolean;
  readonly skipped: boolean;
  readonly output?: Json;
}
