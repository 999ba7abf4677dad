import {
  type Cause,
  ClawError,
  type OnFailure,
  type Param,
  type Problem,
  type Runbook,
  type Scope,
  type Step,
  type Symptom,
  type Target,
  type Use,
  type Verification,
} from '@claw-run/core';
import type {
  AnyUsed,
  CauseOptions,
  Groups,
  ParamOptions,
  ParamsOptions,
  StepOptions,
  TargetOptions,
  TargetsOptions,
  TypedAction,
  TypedCheck,
  TypedLookup,
  TypedProof,
  TypedScope,
  UseOptions,
  VerificationOptions,
} from './define-types.ts';
import { parseDuration } from './duration.ts';
import { issuesOf } from './input-issues.ts';
import { nameFault } from './names.ts';
import { suggestion } from './nearest.ts';
import { needsOf } from './needs.ts';
import { paramFault } from './params.ts';
import { compilePattern } from './regex.ts';
import { symptomOf } from './symptoms.ts';

/**
 * A runbook in TypeScript: the model that YAML compiles to, its names and inputs checked by the compiler of TypeScript.
 * What that cannot see (a target that does not fit, a pattern) is a ClawError `runbook-invalid` with all problems.
 */
export function defineRunbook<
  const P extends ParamsOptions,
  const T extends TargetsOptions,
  const Y extends readonly string[],
  L extends { readonly [name: string]: TypedLookup },
  C extends { readonly [id: string]: TypedCheck },
  S extends { readonly [id: string]: TypedAction },
  V extends { readonly [id: string]: TypedProof },
>(options: {
  readonly name: string;
  readonly title: string;
  readonly description?: string;
  readonly fixes?: readonly string[];
  readonly symptoms?: Y;
  readonly params?: P;
  readonly targets: T;
  readonly lookups?: {
    readonly [K in keyof L]: UseOptions<
      L[K],
      TypedScope<P, unknown, Groups<Y[number]>, never, never>,
      keyof T
    >;
  };
  readonly causes?: {
    readonly [K in keyof C]: CauseOptions<C[K], TypedScope<P, L, Groups<Y[number]>, never, never>, keyof T>;
  };
  readonly steps: {
    readonly [K in keyof S]: StepOptions<
      S[K],
      TypedScope<P, L, Groups<Y[number]>, keyof C, keyof S>,
      keyof T
    >;
  };
  readonly verify?: {
    readonly [K in keyof V]: VerificationOptions<
      V[K],
      TypedScope<P, L, Groups<Y[number]>, keyof C, keyof S>,
      keyof T
    >;
  };
  readonly onFailure?: OnFailure;
}): Runbook {
  const loose = options as unknown as Loose;
  const problems: Problem[] = [];
  const tell: Tell = (message, hint) =>
    void problems.push({ code: 'runbook-invalid', message, ...(hint === undefined ? {} : { hint }) });
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(loose.name))
    tell(`\`${loose.name}\` cannot name a runbook: lower-case words joined by \`-\``);
  const targets = Object.entries(loose.targets).map(([name, target]) => targetOf(name, target, tell));
  const uses = <O extends LooseUse>(entries: Entries<O>, section: string) =>
    Object.entries(entries ?? {}).map(([id, use]) => ({
      options: use,
      use: useOf(id, use, { targets, section, tell }),
    }));
  const runbook: Runbook = {
    name: loose.name,
    title: loose.title,
    ...(loose.description === undefined ? {} : { description: loose.description }),
    fixes: loose.fixes ?? [],
    symptoms: (loose.symptoms ?? []).flatMap((pattern) => symptom(pattern, tell)),
    params: Object.entries(loose.params ?? {}).map(([name, param]) => paramOf(name, param, tell)),
    targets,
    lookups: uses(loose.lookups, 'lookups').map(({ use }) => use) as unknown as Runbook['lookups'],
    causes: uses(loose.causes, 'causes').map(({ use, options: { title } }) => ({
      ...use,
      title: title ?? use.id,
    })) as unknown as readonly Cause[],
    steps: uses(loose.steps, 'steps').map(({ use, options: step }) => stepOf(use, step, tell)),
    verify: uses(loose.verify, 'verify').map(({ use, options: proof }) => verificationOf(use, proof, tell)),
    onFailure: loose.onFailure ?? 'roll-back',
    sources: {},
  };
  checkNeeds(runbook, tell);
  if (problems.length === 0) return runbook;
  const message =
    problems.length === 1
      ? (problems[0]?.message ?? '')
      : `the runbook \`${loose.name}\` has ${problems.length} problems: ${problems.map((problem) => problem.message).join('; ')}`;
  throw new ClawError('runbook-invalid', message, { problems });
}

type Tell = (message: string, hint?: string) => void;
type Entries<O> = { readonly [id: string]: O } | undefined;

interface LooseUse {
  readonly uses: AnyUsed;
  readonly on?: string;
  readonly name?: string;
  readonly title?: string;
  readonly with?: unknown;
  readonly if?: (scope: Scope) => boolean;
  readonly needs?: readonly string[];
  readonly timeout?: string;
  readonly within?: string;
  readonly retry?: { readonly attempts: number; readonly delay?: string; readonly backoff?: number };
  readonly onFailure?: OnFailure;
}

interface Loose {
  readonly name: string;
  readonly title: string;
  readonly description?: string;
  readonly fixes?: readonly string[];
  readonly symptoms?: readonly string[];
  readonly params?: ParamsOptions;
  readonly targets: TargetsOptions;
  readonly lookups?: Entries<LooseUse>;
  readonly causes?: Entries<LooseUse>;
  readonly steps?: Entries<LooseUse>;
  readonly verify?: Entries<LooseUse>;
  readonly onFailure?: OnFailure;
}

function targetOf(name: string, options: TargetOptions, tell: Tell): Target {
  const fault = nameFault(name);
  if (fault !== undefined) tell(`\`${name}\` cannot name a target: ${fault}`);
  const { rollOut, kind, many = false } = options;
  const pauseSeconds =
    rollOut?.pause === undefined
      ? undefined
      : durationOf(rollOut.pause, `\`pause\` of \`targets.${name}\``, tell);
  return {
    name,
    kind,
    many,
    ...(options.default === undefined ? {} : { default: options.default }),
    ...(rollOut === undefined
      ? {}
      : {
          rollOut: {
            batches: rollOut.batches,
            ...(rollOut.stopWhenFailed === undefined ? {} : { stopWhenFailed: rollOut.stopWhenFailed }),
            ...(pauseSeconds === undefined ? {} : { pauseSeconds }),
          },
        }),
  };
}

function durationOf(text: string, what: string, tell: Tell): number | undefined {
  const seconds = parseDuration(text);
  if (seconds === undefined)
    tell(`${what} must be a duration such as \`30s\`, \`3m\` or \`1h\`, this is \`${text}\``);
  return seconds;
}

function symptom(pattern: string, tell: Tell): readonly Symptom[] {
  const compiled = compilePattern(pattern);
  if (compiled.ok) return [symptomOf(pattern, compiled.pattern)];
  tell(`the symptom \`${pattern}\` is not RE2: ${compiled.reason}`);
  return [];
}

function paramOf(name: string, options: ParamOptions, tell: Tell): Param {
  const fault = nameFault(name);
  if (fault !== undefined) tell(`\`${name}\` cannot name a parameter: ${fault}`);
  const { from = [], required = options.default === undefined && from.length === 0, ...rest } = options;
  const param: Param = { ...rest, name, from, required };
  const wrong = param.default === undefined ? undefined : paramFault(param, param.default);
  if (wrong !== undefined) tell(`\`default\` of \`params.${name}\` ${wrong}`);
  return param;
}

interface Around {
  readonly targets: readonly Target[];
  readonly section: string;
  readonly tell: Tell;
}

function useOf(id: string, options: LooseUse, { targets, section, tell }: Around): Use<AnyUsed> {
  const fault = nameFault(id);
  if (fault !== undefined) tell(`\`${id}\` cannot be an id in \`${section}\`: ${fault}`);
  const { uses, with: input = {}, if: condition } = options;
  const evaluate = (typeof input === 'function' ? input : () => input) as (scope: Scope) => unknown;
  if (typeof input !== 'function') checkStatic(`${section}.${id}`, uses, input, tell);
  return {
    id,
    name: options.name ?? uses.summary,
    uses,
    on: targetFor(`${section}.${id}`, options, targets, tell),
    with: evaluate,
    needs: options.needs ?? needsOf(typeof input === 'function' ? [evaluate, condition] : [condition]),
    ...(condition === undefined ? {} : { if: condition, ifText: conditionText(condition) }),
  };
}

function conditionText(condition: (scope: Scope) => boolean): string {
  return String(condition)
    .replace(/^.*?=>\s*/s, '')
    .slice(0, 200);
}

function checkStatic(where: string, uses: AnyUsed, input: unknown, tell: Tell): void {
  for (const issue of issuesOf(uses.input, input)) {
    const name = ['with', ...issue.path].join('.');
    tell(
      issue.kind === 'missing'
        ? `\`${where}\` needs \`${name}\``
        : `\`${name}\` of \`${where}\` ${issue.message}`,
    );
  }
}

function targetFor(where: string, { on, uses }: LooseUse, targets: readonly Target[], tell: Tell): string {
  const fitting = targets.filter((target) => target.kind === uses.on).map((target) => target.name);
  if (on === undefined) {
    if (fitting.length !== 1)
      tell(
        `\`on\` of \`${where}\` is missing: \`${uses.id}\` works on a ${uses.on}`,
        fitting.length === 0 ? `add one to \`targets\`` : `there are: ${fitting.join(', ')}`,
      );
    return fitting[0] ?? '';
  }
  const target = targets.find((candidate) => candidate.name === on);
  if (target === undefined)
    tell(`there is no target \`${on}\`, which \`${where}\` names`, suggestion(on, fitting));
  else if (target.kind !== uses.on)
    tell(
      `\`${on}\` is a ${target.kind}; \`${uses.id}\` of \`${where}\` works on a ${uses.on}`,
      suggestion(on, fitting),
    );
  return on;
}

function stepOf(use: Use<AnyUsed>, { timeout, retry, onFailure }: LooseUse, tell: Tell): Step {
  const timeoutSeconds =
    timeout === undefined ? undefined : durationOf(timeout, `\`timeout\` of \`steps.${use.id}\``, tell);
  const delaySeconds =
    retry?.delay === undefined ? 1 : (durationOf(retry.delay, `\`delay\` of \`steps.${use.id}\``, tell) ?? 1);
  return {
    ...(use as Step),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(retry === undefined
      ? {}
      : { retry: { attempts: retry.attempts, delaySeconds, backoff: retry.backoff ?? 1 } }),
    ...(onFailure === undefined ? {} : { onFailure }),
  };
}

function verificationOf(use: Use<AnyUsed>, { within }: LooseUse, tell: Tell): Verification {
  const withinSeconds =
    within === undefined ? undefined : durationOf(within, `\`within\` of \`verify.${use.id}\``, tell);
  return { ...(use as Verification), ...(withinSeconds === undefined ? {} : { withinSeconds }) };
}

/** The order of steps is not in their types: that none uses a later one is checked here. */
function checkNeeds(runbook: Runbook, tell: Tell): void {
  const before = new Set<string>();
  for (const step of runbook.steps) {
    for (const need of step.needs) {
      const id = need.startsWith('steps.') ? need.slice('steps.'.length) : undefined;
      if (id !== undefined && !before.has(id))
        tell(`\`steps.${step.id}\` uses \`${need}\`, which is not before it`);
    }
    before.add(step.id);
  }
}
