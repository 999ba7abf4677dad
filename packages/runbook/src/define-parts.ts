import {
  ClawError,
  type Json,
  type OnFailure,
  type Param,
  type Scope,
  type Step,
  type Symptom,
  type Target,
  type Use,
  type Verification,
} from '@claw-run/core';
import type { AnyUsed, DefinitionType, ParamOptions, TargetOptions } from './define-types.ts';
import { parseDuration } from './duration.ts';
import { issuesOf } from './input-issues.ts';
import { nameFault } from './names.ts';
import { suggestion } from './nearest.ts';
import { needsOf } from './needs.ts';
import { paramFault, typeFault } from './params.ts';
import { compilePattern } from './regex.ts';
import { symptomOf } from './symptoms.ts';
import { unknownInputs } from './unknown-inputs.ts';

export type Tell = (message: string, hint?: string) => void;

export interface LooseUse {
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

/** A parameter as JavaScript may give it. */
export interface LooseParam extends Omit<ParamOptions, 'default' | 'choices'> {
  readonly default?: Json;
  readonly choices?: readonly Json[];
}

export function targetOf(name: string, options: TargetOptions, tell: Tell): Target {
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

export function symptom(pattern: string, tell: Tell): readonly Symptom[] {
  const compiled = compilePattern(pattern);
  if (compiled.ok) return [symptomOf(pattern, compiled.pattern)];
  tell(`the symptom \`${pattern}\` is not RE2: ${compiled.reason}`);
  return [];
}

export function paramOf(name: string, options: LooseParam, tell: Tell): Param {
  const fault = nameFault(name);
  if (fault !== undefined) tell(`\`${name}\` cannot name a parameter: ${fault}`);
  const { from = [], required = options.default === undefined && from.length === 0, ...rest } = options;
  const param: Param = { ...rest, name, from, required };
  const wrong = param.default === undefined ? undefined : paramFault(param, param.default);
  if (wrong !== undefined) tell(`\`default\` of \`params.${name}\` ${wrong}`);
  for (const choice of param.choices ?? []) {
    const unfit = typeFault(param.type, choice);
    if (unfit !== undefined) tell(`a choice of \`params.${name}\` ${unfit}`);
  }
  return param;
}

/** The sections of a runbook that use definitions, and which of them each takes. */
export const sections = {
  facts: ['lookup'],
  causes: ['check'],
  steps: ['state', 'event'],
  verify: ['check', 'event'],
} as const satisfies { readonly [section: string]: readonly DefinitionType[] };

interface Around {
  readonly targets: readonly Target[];
  readonly section: keyof typeof sections;
  readonly tell: Tell;
}

export function useOf(id: string, options: LooseUse, { targets, section, tell }: Around): Use<AnyUsed> {
  const fault = nameFault(id);
  if (fault !== undefined) tell(`\`${id}\` cannot be an id in \`${section}\`: ${fault}`);
  const { uses, with: input = {}, if: condition } = options;
  const evaluate = (typeof input === 'function' ? input : () => input) as (scope: Scope) => unknown;
  const taken: readonly DefinitionType[] = sections[section];
  if (!taken.includes(uses.type)) tell(`\`${uses.id}\` of \`${section}.${id}\` is no ${taken.join(' or ')}`);
  checkKeys(options, { known: useKeys, what: `\`${section}.${id}\`` }, tell);
  if (typeof input !== 'function') checkStatic(`${section}.${id}`, uses, input, tell);
  return {
    id,
    name: options.name ?? uses.summary,
    uses,
    on: targetFor(`${section}.${id}`, options, targets, tell),
    with: typeof input === 'function' ? (scope) => known(evaluate(scope), id, uses) : evaluate,
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
  for (const { path, names } of unknownInputs(input, uses.input))
    tell(noInput(where, uses, path), suggestion(path.split('.').at(-1) ?? '', names));
}

/** What a function of the scope gives is seen when it is called. @throws ClawError `input-invalid` */
function known(input: unknown, id: string, uses: AnyUsed): unknown {
  const [unknown] = unknownInputs(input, uses.input);
  if (unknown === undefined) return input;
  const hint = suggestion(unknown.path.split('.').at(-1) ?? '', unknown.names);
  throw new ClawError('input-invalid', noInput(id, uses, unknown.path), hint === undefined ? {} : { hint });
}

function noInput(where: string, uses: AnyUsed, path: string): string {
  return `\`${uses.id}\` of \`${where}\` has no input \`${path}\``;
}

/** Says which keys are not known: they would be left out in silence. */
export function checkKeys(
  given: object,
  { known, what }: { readonly known: readonly string[]; readonly what: string },
  tell: Tell,
): void {
  for (const key of Object.keys(given))
    if (!known.includes(key)) tell(`${what} has no \`${key}\``, suggestion(key, known));
}

const useKeys = [
  'uses',
  'on',
  'name',
  'title',
  'with',
  'if',
  'needs',
  'timeout',
  'within',
  'retry',
  'onFailure',
];

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

export function stepOf(use: Use<AnyUsed>, { timeout, retry, onFailure }: LooseUse, tell: Tell): Step {
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

export function verificationOf(use: Use<AnyUsed>, { within }: LooseUse, tell: Tell): Verification {
  const withinSeconds =
    within === undefined ? undefined : durationOf(within, `\`within\` of \`verify.${use.id}\``, tell);
  return { ...(use as Verification), ...(withinSeconds === undefined ? {} : { withinSeconds }) };
}
