import type { ASTNode } from '@marcbachmann/cel-js';
import type { Reference } from './cel-ast.ts';
import { typeInWords } from './cel-type.ts';
import type { ExpressionScope } from './expression-scope.ts';
import { suggestion } from './nearest.ts';
import type { Shape } from './shape.ts';

export interface CelFault {
  readonly start: number;
  readonly end: number;
  readonly message: string;
  readonly hint?: string;
}

/** An error of the CEL library in plain words; nothing when it says nothing of use. */
export function celFault(error: unknown, text: string): CelFault | undefined {
  if (!isCelError(error)) return undefined;
  const start = Math.min(error.range?.start ?? 0, text.length);
  const end = Math.min(
    Math.max(error.range?.end ?? text.length, start + 1),
    Math.max(text.length, start + 1),
  );
  const [message, hint] = inWords(error, text.slice(start, end));
  return hint === undefined ? { start, end, message } : { start, end, message, hint };
}

interface CelError {
  readonly code: string;
  readonly summary: string;
  readonly range?: { readonly start: number; readonly end: number };
  readonly node?: ASTNode;
}

function isCelError(error: unknown): error is CelError {
  return error instanceof Error && 'code' in error && 'summary' in error && typeof error.summary === 'string';
}

function inWords(error: CelError, piece: string): readonly [string, string?] {
  const { summary } = error;
  const overload = /^no such overload: (.+) (==|!=|<=|>=|[-<>+*/%]|in) (.+)$/.exec(summary);
  if (overload !== null) return binaryInWords(overload[1] ?? '', overload[2] ?? '', overload[3] ?? '');
  const call = /^found no matching overload for '(?:(.+)\.)?(\w+)\((.*)\)'$/.exec(summary);
  if (call !== null) return callInWords(call[1], call[2] ?? '', call[3] ?? '');
  const operand = /^Logical operator requires bool operands, got '(.+)'$/.exec(summary);
  if (operand !== null)
    return [`\`&&\` and \`||\` join true and false; this is ${typeInWords(operand[1] ?? '')}`];
  const got = /^(.+) must (?:be|return) bool, got '(.+)'$/.exec(summary);
  if (got !== null) return [`a condition must be true or false; this is ${typeInWords(got[2] ?? '')}`];
  if (error.code === 'no_such_key') return [`there is no \`${piece}\``];
  if (error.code === 'unexpected_character' && piece.startsWith('=')) {
    return ['a single `=` compares nothing', 'write `==`'];
  }
  if (error.code === 'unexpected_character' && /^[&|]/.test(piece)) {
    return [`a single \`${piece.charAt(0)}\` is no operator`, `write \`${piece.charAt(0).repeat(2)}\``];
  }
  if (error.code === 'unexpected_character') return unexpected(piece);
  const expected = /^Expected (\w+), got (\w+)$/.exec(summary);
  if (expected !== null) return [`${token(expected[1])} is expected here, ${token(expected[2])} found`];
  const unexpectedToken = /^Unexpected token: (\w+)$/.exec(summary);
  if (unexpectedToken !== null) return [`a value is expected here, ${token(unexpectedToken[1])} found`];
  const limit = /^Exceeded (\w+) \((\d+)\)$/.exec(summary);
  if (limit !== null)
    return [`the expression is too large: more than ${limit[2]} ${limitWords[limit[1] ?? ''] ?? 'parts'}`];
  return [summary.charAt(0).toLowerCase() + summary.slice(1)];
}

function unexpected(piece: string): readonly [string, string?] {
  if (/^(and|or|not)\b/i.test(piece)) {
    const operator = { and: '&&', or: '||', not: '!' }[piece.toLowerCase()] ?? '&&';
    return [`\`${piece}\` is no operator`, `write \`${operator}\``];
  }
  return [`\`${piece}\` does not belong here`, 'an expression is CEL: `a == b && !c`'];
}

const limitWords: { readonly [limit: string]: string } = {
  maxDepth: 'levels',
  maxListElements: 'list elements',
  maxMapEntries: 'map entries',
  maxCallArguments: 'arguments',
};

const tokens: { readonly [token: string]: string } = {
  EOF: 'the end',
  NUMBER: 'a number',
  STRING: 'a text',
  BYTES: 'bytes',
  IDENTIFIER: 'a name',
  LPAREN: '`(`',
  RPAREN: '`)`',
  LBRACKET: '`[`',
  RBRACKET: '`]`',
  LBRACE: '`{`',
  RBRACE: '`}`',
  COLON: '`:`',
  COMMA: '`,`',
  DOT: '`.`',
  QUESTION: '`?`',
  EQ: '`==`',
  NE: '`!=`',
  LT: '`<`',
  LE: '`<=`',
  GT: '`>`',
  GE: '`>=`',
  AND: '`&&`',
  OR: '`||`',
  NOT: '`!`',
  PLUS: '`+`',
  MINUS: '`-`',
  MULTIPLY: '`*`',
  DIVIDE: '`/`',
  MODULO: '`%`',
};

function token(name = ''): string {
  return tokens[name] ?? `\`${name.toLowerCase()}\``;
}

function binaryInWords(left: string, operator: string, right: string): readonly [string, string?] {
  const sides = `${typeInWords(left)} and ${typeInWords(right)}`;
  if (operator === 'in') return [`\`in\` looks into a list or a map, not into ${typeInWords(right)}`];
  if (operator === '+' && (left === 'string' || right === 'string')) {
    return [`\`+\` cannot join ${sides}`, 'make both texts: `string(…)`'];
  }
  const verb = ['==', '!=', '<', '<=', '>', '>='].includes(operator) ? 'compare' : 'work on';
  return [`\`${operator}\` cannot ${verb} ${sides}`];
}

function callInWords(receiver: string | undefined, name: string, given: string): readonly [string, string?] {
  const what = given === '' ? 'no arguments' : given.split(', ').map(typeInWords).join(', ');
  if (receiver === undefined) return [`\`${name}()\` does not take ${what}`];
  return [`\`.${name}()\` of ${typeInWords(receiver)} does not take ${what}`];
}

/** The nearest field of a fact, where its shape is known. */
export function fieldHint(
  error: unknown,
  references: ReadonlyMap<ASTNode, Reference>,
  scope: ExpressionScope,
): string | undefined {
  const node = isCelError(error) && error.code === 'no_such_key' ? error.node : undefined;
  if (node?.op !== '.') return undefined;
  const shape = shapeAt(node.args[0], references, scope);
  return shape?.kind === 'object' ? suggestion(node.args[1], Object.keys(shape.fields)) : undefined;
}

function shapeAt(
  node: ASTNode,
  references: ReadonlyMap<ASTNode, Reference>,
  scope: ExpressionScope,
): Shape | undefined {
  const reference = references.get(node);
  if (reference?.root === 'facts') return scope.facts.get(reference.name);
  if (node.op !== '.' && node.op !== '[]') return undefined;
  const left = shapeAt(node.args[0], references, scope);
  if (left?.kind === 'object' && typeof node.args[1] === 'string') return left.fields[node.args[1]];
  return left?.kind === 'list' || left?.kind === 'map' ? left.of : undefined;
}
