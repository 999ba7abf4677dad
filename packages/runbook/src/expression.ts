import { ClawError, type Scope } from '@claw-run/core';
import { type CelFault, celFault, fieldHint } from './cel-faults.ts';
import { joinNames } from './cel-names.ts';
import { shapeNamed } from './cel-type.ts';
import { checkNames, unknownRoot } from './check-names.ts';
import { evaluate } from './evaluate.ts';
import type { ExpressionScope } from './expression-scope.ts';
import type { Problems } from './problems.ts';
import type { Shape } from './shape.ts';
import { positionOf, type Span } from './source.ts';

const longest = 4000;

/** A checked expression. */
export interface Expression {
  readonly text: string;
  readonly shape: Shape;
  readonly needs: readonly string[];
  readonly evaluate: (scope: Scope) => unknown;
}

interface Place {
  /** The span in the file of a piece of the expression. */
  readonly spanOf: (from: number, to: number) => Span;
  readonly scope: ExpressionScope;
  readonly problems: Problems;
}

/** Parses and checks a CEL expression; nothing when it is wrong, which is then among the problems. */
export function compileExpression(text: string, place: Place): Expression | undefined {
  const { scope, problems } = place;
  const tell = (at: { readonly start: number; readonly end: number }, message: string, hint?: string) =>
    problems.add(place.spanOf(at.start, Math.max(at.end, at.start + 1)), message, hint);
  const whole = { start: 0, end: text.length };
  if (text.trim() === '') {
    tell(whole, 'an expression is empty', 'write one between `${{` and `}}`');
    return undefined;
  }
  if (text.length > longest) {
    tell(
      { start: 0, end: 1 },
      `an expression has at most ${longest} characters; this one has ${text.length}`,
    );
    return undefined;
  }
  const parsed = parse(text, place, tell);
  if (parsed === undefined) return undefined;
  const { ast, check } = parsed;
  const { references, faulty } = checkNames(ast, text, scope, tell);
  if (faulty) return undefined;
  const result = check();
  if (!result.valid) {
    const fault = celFault(result.error, text);
    tell(
      fault ?? whole,
      fault?.message ?? 'the expression is wrong',
      fault?.hint ?? fieldHint(result.error, references, scope),
    );
    return undefined;
  }
  const needs = new Set([...references.values()].flatMap(({ root, name }) => scope.needsOf(root, name)));
  const where = whereOf(place.spanOf(0, text.length));
  return {
    text,
    shape: shapeNamed(result.type ?? 'dyn'),
    needs: [...needs],
    evaluate: (outer) => evaluate(ast, { text, references, scope: scope.enter(outer), where }),
  };
}

type Tell = (at: { readonly start: number; readonly end: number }, message: string, hint?: string) => void;

function parse(text: string, { scope }: Place, tell: Tell) {
  const declared = (root: string, name: string) =>
    (root === 'params' || root === 'facts' || root === 'causes' || root === 'targets') &&
    scope[root].has(name)
      ? true
      : root === 'steps' && scope.allSteps.has(name);
  try {
    return scope.environment().parse(joinNames(text, declared));
  } catch (error) {
    const fault = reservedFault(error, text, scope) ?? celFault(error, text);
    tell(
      fault ?? { start: 0, end: text.length },
      fault?.message ?? 'this is not a CEL expression',
      fault?.hint,
    );
    return undefined;
  }
}

// `namespace` is a reserved word of CEL and the most common parameter: whoever writes it forgot `params.`
function reservedFault(error: unknown, text: string, scope: ExpressionScope): CelFault | undefined {
  const fault = celFault(error, text);
  if (fault === undefined || !fault.message.startsWith('reserved identifier')) return undefined;
  const [message, hint] = unknownRoot(text.slice(fault.start, fault.end), scope);
  return { ...fault, message, ...(hint === undefined ? {} : { hint }) };
}

function whereOf(span: Span): string {
  const { file, line, column } = positionOf(span.source, span.start);
  return `${file}:${line}:${column}`;
}

/** The value of a condition, which the type checker could not always know to be boolean. */
export function evaluateCondition(expression: Expression, scope: Scope): boolean {
  const value = expression.evaluate(scope);
  if (typeof value === 'boolean') return value;
  throw new ClawError('input-invalid', `the condition \`${expression.text}\` gives neither true nor false`, {
    hint: 'compare it with something: `… == …`',
  });
}
