import { type Cause, ClawError, type OnFailure, type Problem, type Runbook } from '@claw-run/core';
import {
  checkKeys,
  type LooseParam,
  type LooseUse,
  paramOf,
  sections,
  stepOf,
  symptom,
  type Tell,
  targetOf,
  useOf,
  verificationOf,
} from './define-parts.ts';
import type {
  CauseOptions,
  FactOptions,
  Given,
  GivenTo,
  Groups,
  ParamOptions,
  ParamTypes,
  StepOptions,
  TargetsOptions,
  Typed,
  TypedScope,
  VerificationOptions,
} from './define-types.ts';

/**
 * A runbook in TypeScript: the model that YAML compiles to. Names, kinds of targets, inputs and defaults are checked by the compiler, which says in words
 * what is wrong (`Wrong<…>`). What it cannot see (a pattern, the order of steps), and all of it for JavaScript, is a ClawError `runbook-invalid` with all
 * problems.
 */
export function defineRunbook<
  const P extends ParamTypes = Record<never, never>,
  const T extends TargetsOptions = Record<never, never>,
  const Y extends readonly string[] = readonly [],
  L extends Uses = Record<never, never>,
  C extends Uses = Record<never, never>,
  S extends Uses = Record<never, never>,
  V extends Uses = Record<never, never>,
  LW = unknown,
  CW = unknown,
  SW = unknown,
  VW = unknown,
>(options: {
  readonly name: string;
  readonly title: string;
  readonly description?: string;
  readonly fixes?: readonly string[];
  readonly symptoms?: Y;
  readonly params?: { readonly [K in keyof P]: ParamOptions<P[K]> };
  readonly targets: T;
  readonly facts?: Given<LW> & {
    readonly [K in keyof L]: FactOptions<
      L[K],
      TypedScope<P, unknown, Groups<Y[number]>, never, never>,
      T,
      GivenTo<LW, K>
    >;
  };
  readonly causes?: Given<CW> & {
    readonly [K in keyof C]: CauseOptions<
      C[K],
      TypedScope<P, L, Groups<Y[number]>, never, never>,
      T,
      GivenTo<CW, K>
    >;
  };
  readonly steps: Given<SW> & {
    readonly [K in keyof S]: StepOptions<
      S[K],
      TypedScope<P, L, Groups<Y[number]>, keyof C, keyof S>,
      T,
      GivenTo<SW, K>
    >;
  };
  readonly verify?: Given<VW> & {
    readonly [K in keyof V]: VerificationOptions<
      V[K],
      TypedScope<P, L, Groups<Y[number]>, keyof C, keyof S>,
      T,
      GivenTo<VW, K>
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
  checkKeys(loose, { known: keys, what: `the runbook \`${loose.name}\`` }, tell);
  const targets = Object.entries(loose.targets).map(([name, target]) => targetOf(name, target, tell));
  const uses = <O extends LooseUse>(entries: Entries<O>, section: keyof typeof sections) =>
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
    lookups: uses(loose.facts, 'facts').map(({ use }) => use) as unknown as Runbook['lookups'],
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

const keys = [
  'name',
  'title',
  'description',
  'fixes',
  'symptoms',
  'params',
  'targets',
  'onFailure',
  ...Object.keys(sections),
];

type Uses = { readonly [id: string]: Typed };
type Entries<O> = { readonly [id: string]: O } | undefined;

interface Loose {
  readonly name: string;
  readonly title: string;
  readonly description?: string;
  readonly fixes?: readonly string[];
  readonly symptoms?: readonly string[];
  readonly params?: { readonly [name: string]: LooseParam };
  readonly targets: TargetsOptions;
  readonly facts?: Entries<LooseUse>;
  readonly causes?: Entries<LooseUse>;
  readonly steps?: Entries<LooseUse>;
  readonly verify?: Entries<LooseUse>;
  readonly onFailure?: OnFailure;
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
