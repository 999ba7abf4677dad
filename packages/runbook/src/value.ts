import { ClawError, type Scope, Secret } from '@claw-run/core';
import { textOf } from './cel-functions.ts';
import { compileExpression, type Expression } from './expression.ts';
import type { ExpressionScope } from './expression-scope.ts';
import type { Problems } from './problems.ts';
import { firstLine } from './read.ts';
import { spanInScalar } from './scalar-offsets.ts';
import { dyn, type Shape } from './shape.ts';
import { cutTemplate } from './template.ts';
import type { ScalarTree, Tree } from './tree.ts';

/** Stands for what is only known at run time. */
export const hole: unique symbol = Symbol('known at run time');

/** A value of a runbook: what is known now, and what expressions give later. */
export interface Value {
  /** The value with `hole` wherever an expression decides. */
  readonly known: unknown;
  readonly holes: readonly Hole[];
  readonly needs: readonly string[];
  readonly evaluate: (scope: Scope) => unknown;
}

export interface Hole {
  readonly path: readonly (string | number)[];
  readonly tree: ScalarTree;
  readonly shape: Shape;
}

const mostPieces = 400;

interface Context {
  readonly scope: ExpressionScope;
  readonly problems: Problems;
}

/** Compiles a value whose texts may hold `${{ }}`. */
export function compileValue(tree: Tree, context: Context, path: readonly (string | number)[] = []): Value {
  if (tree.kind === 'scalar') return compileScalar(tree, context, path);
  if (tree.kind === 'list') {
    const items = tree.items.map((item, index) => compileValue(item, context, [...path, index]));
    return {
      ...gathered(items),
      known: items.map((item) => item.known),
      evaluate: (scope) => items.map((item) => item.evaluate(scope)),
    };
  }
  const entries = [...tree.entries].map(
    ([key, entry]) => [key, compileValue(entry.value, context, [...path, key])] as const,
  );
  const known = Object.fromEntries(entries.map(([key, value]) => [key, value.known]));
  return {
    ...gathered(entries.map(([, value]) => value)),
    known,
    evaluate: (scope) => Object.fromEntries(entries.map(([key, value]) => [key, value.evaluate(scope)])),
  };
}

function gathered(values: readonly Value[]): Pick<Value, 'holes' | 'needs'> {
  return {
    holes: values.flatMap((value) => value.holes),
    needs: [...new Set(values.flatMap((value) => value.needs))],
  };
}

function constant(known: unknown): Value {
  return { known, holes: [], needs: [], evaluate: () => known };
}

function compileScalar(tree: ScalarTree, context: Context, path: readonly (string | number)[]): Value {
  const { value } = tree;
  const unknown: Value = {
    known: hole,
    holes: [{ path, tree, shape: dyn }],
    needs: [],
    evaluate: () => undefined,
  };
  if (tree.broken) return unknown;
  if (typeof value !== 'string' || !value.includes('${{')) return constant(value);
  const template = cutTemplate(value);
  if (!template.ok) {
    const span = spanInScalar(tree, template.start, template.start + 3);
    context.problems.add(span, '`${{` is not closed', 'close it with `}}`');
    return unknown;
  }
  const { pieces } = template;
  if (pieces.length > mostPieces) {
    context.problems.add(firstLine(tree), `a text holds at most ${mostPieces / 2} expressions`);
    return unknown;
  }
  const whole = pieces.length === 1 && pieces[0]?.type === 'expression';
  const parts = pieces.map((piece) => {
    if (piece.type === 'text') return piece.text;
    const spanOf = (from: number, to: number) => spanInScalar(tree, piece.start + from, piece.start + to);
    const compiled = compileExpression(piece.text, {
      spanOf,
      scope: context.scope,
      problems: context.problems,
    });
    if (compiled !== undefined && !whole)
      checkInText(compiled, spanOf(0, piece.text.length), context.problems);
    return compiled;
  });
  if (parts.includes(undefined)) return unknown;
  const good = parts.filter((part) => part !== undefined);
  const [only] = good;
  if (whole && typeof only === 'object') {
    return {
      known: hole,
      holes: [{ path, tree, shape: only.shape }],
      needs: only.needs,
      evaluate: only.evaluate,
    };
  }
  const secret = good.some((part) => typeof part === 'object' && part.shape.kind === 'secret');
  return {
    known: hole,
    holes: [{ path, tree, shape: { kind: secret ? 'secret' : 'string' } }],
    needs: [...new Set(good.flatMap((part) => (typeof part === 'string' ? [] : part.needs)))],
    evaluate: (scope) =>
      joined(good.map((part) => (typeof part === 'string' ? part : textFrom(part, scope)))),
  };
}

function checkInText(expression: Expression, span: Parameters<Problems['add']>[0], problems: Problems): void {
  const { kind } = expression.shape;
  if (kind !== 'list' && kind !== 'map' && kind !== 'object') return;
  const hint = kind === 'list' ? "join it: `….join(',')`" : 'use one of its values';
  problems.add(span, `a ${kind === 'list' ? 'list' : 'map'} cannot be put into a text`, hint);
}

/** A text that a secret is put into is a secret. */
function joined(parts: readonly (string | Secret)[]): string | Secret {
  const text = parts.map((part) => (part instanceof Secret ? part.reveal() : part)).join('');
  return parts.some((part) => part instanceof Secret) ? new Secret(text) : text;
}

function textFrom(expression: Expression, scope: Scope): string | Secret {
  const value = expression.evaluate(scope);
  if (value instanceof Secret) return value;
  return textOf(value, (message) =>
    value !== undefined
      ? new ClawError('input-invalid', `${message}: \`\${{ ${expression.text} }}\``)
      : new ClawError('value-missing', `\`${expression.text}\` gives nothing`),
  );
}
