import { ClawError, type Json, type Param, type Scope, type StepScope } from '@claw-run/core';
import type { Environment } from '@marcbachmann/cel-js';
import type { Root } from './cel-names.ts';
import { environmentFor } from './cel-type.ts';
import type { ExpressionScope } from './expression-scope.ts';
import { paramFault, shapeOfParam } from './params.ts';
import type { Shape, Shapes } from './shape.ts';
import type { Span } from './source.ts';
import type { Value } from './value.ts';

/** One file while it is compiled: the runbook, or a fragment at one place where it is included. */
export interface Frame {
  readonly params: readonly Param[];
  readonly shapes: Shapes;
  /** Known where facts and causes are: in the runbook itself. */
  readonly facts: Map<string, Shape>;
  readonly causes: Set<string>;
  readonly targets: ReadonlySet<string>;
  /** What the ids of this file start with in the runbook. */
  readonly prefix: string;
  readonly parent: Frame | undefined;
  /** Where a fragment is included. */
  readonly origin: Span | undefined;
  /** The values of a fragment's parameters. */
  readonly given: Map<string, Value>;
  /** All ids of steps, as this file calls them. */
  readonly steps: Set<string>;
  /** Those that come before the place that is being compiled. */
  readonly before: Set<string>;
  environment: Environment | undefined;
}

export function createFrame(options: {
  readonly params: readonly Param[];
  readonly targets: ReadonlySet<string>;
  readonly prefix?: string;
  readonly parent?: Frame;
  readonly origin?: Span;
}): Frame {
  return {
    params: options.params,
    shapes: new Map(options.params.map((param) => [param.name, shapeOfParam(param)])),
    facts: new Map(),
    causes: new Set(),
    targets: options.targets,
    prefix: options.prefix ?? '',
    parent: options.parent,
    origin: options.origin,
    given: new Map(),
    steps: new Set(),
    before: new Set(),
    environment: undefined,
  };
}

/** What expressions of a file see at the place that is being compiled. */
export function scopeIn(frame: Frame, closed: ExpressionScope['closed']): ExpressionScope {
  const own = frame.parent === undefined ? {} : fragmentClosed;
  return {
    params: frame.shapes,
    facts: frame.facts,
    causes: frame.causes,
    steps: frame.before,
    allSteps: frame.steps,
    targets: frame.targets,
    closed: { ...closed, ...own },
    secretsAllowed: true,
    environment: () => (frame.environment ??= environmentFor(frame.shapes, frame.facts)),
    needsOf: (root, name) => needsOf(frame, root, name),
    enter: (scope) => (frame.parent === undefined ? scope : enter(frame, scope)),
  };
}

const fragmentClosed = {
  facts: 'a fragment knows what `with` gives it: give it as a parameter',
  causes: 'a fragment knows what `with` gives it: give it as a parameter',
};

function needsOf(frame: Frame, root: Root, name: string): readonly string[] {
  if (root === 'run' || root === 'targets') return [];
  if (frame.parent === undefined) return [`${root}.${name}`];
  return root === 'params' ? (frame.given.get(name)?.needs ?? []) : [`${root}.${frame.prefix}${name}`];
}

function enter(frame: Frame, scope: Scope): Scope {
  const params = {};
  for (const param of frame.params) {
    const get = () => paramValue(frame, param, scope);
    Object.defineProperty(params, param.name, { enumerable: true, get });
  }
  const steps: { [id: string]: StepScope } = {};
  for (const id of frame.steps) {
    const step = scope.steps[frame.prefix + id];
    if (step !== undefined) steps[id] = step;
  }
  return { ...scope, params, steps, facts: {}, causes: {} };
}

function paramValue(frame: Frame, param: Param, scope: Scope): Json | undefined {
  const given = frame.given.get(param.name);
  if (given === undefined) return param.default;
  const value = given.evaluate(scope);
  const fault = paramFault(param, value);
  if (fault === undefined) return value as Json;
  throw new ClawError('param-invalid', `the parameter \`${param.name}\` of the fragment ${fault}`);
}
