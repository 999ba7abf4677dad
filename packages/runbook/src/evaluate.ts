import { ClawError, isObject, type Scope, Secret } from '@claw-run/core';
import type { ASTNode } from '@marcbachmann/cel-js';
import { boundName, type Reference } from './cel-ast.ts';
import { callFunction, callMethod } from './cel-functions.ts';
import { arithmetic, compare, equals, lift, lower, typeOf } from './cel-values.ts';

/** What an evaluation needs beside the parsed expression. */
export interface Evaluation {
  /** The expression as written. */
  readonly text: string;
  readonly references: ReadonlyMap<ASTNode, Reference>;
  readonly scope: Scope;
  /** `file:line:column`, for errors. */
  readonly where: string;
}

interface Run extends Evaluation {
  readonly bound: ReadonlyMap<string, unknown>;
  readonly budget: { left: number };
}

const budget = 100_000;

/**
 * Evaluates a checked expression. Integers are bigints while it works, and numbers in what it gives. There are no loops
 * but over lists that are there, and after 100 000 steps it stops with an error.
 */
export function evaluate(ast: ASTNode, evaluation: Evaluation): unknown {
  const run: Run = { ...evaluation, bound: new Map(), budget: { left: budget } };
  try {
    return lower(evaluated(ast, run), fail(ast, run));
  } catch (error) {
    throw error instanceof Exhausted ? fail(ast, run)('the expression takes too long') : error;
  }
}

function evaluated(node: ASTNode, run: Run): unknown {
  spend(run, 1);
  switch (node.op) {
    case 'value':
      return node.args;
    case 'id':
      return node.args === 'run' && !run.bound.has('run') ? run.scope.run : run.bound.get(node.args);
    case '.':
    case '[]':
    case '.?':
    case '[?]':
      return access(node, run);
    case 'call':
      return node.args[0] === 'has'
        ? has(node, run)
        : callFunction(node.args[0], values(node.args[1], run), fail(node, run));
    case 'rcall':
      return boundName(node) === undefined ? method(node, run) : macro(node, run);
    case 'list':
      return values(node.args, run);
    case 'map':
      return mapOf(node, run);
    case '?:':
      return condition(node.args[0], run) ? evaluated(node.args[1], run) : evaluated(node.args[2], run);
    case '||':
      return either(node.args, true, run);
    case '&&':
      return either(node.args, false, run);
    case '!_':
      return !condition(node.args, run);
    case '-_':
      return negative(node.args, run);
    default:
      return binary(node, run);
  }
}

type Binary = Extract<ASTNode, { readonly args: [ASTNode, ASTNode] }>;

function binary(node: Binary, run: Run): unknown {
  const left = evaluated(node.args[0], run);
  const right = evaluated(node.args[1], run);
  const stop = fail(node, run);
  switch (node.op) {
    case '==':
      return equals(left, right);
    case '!=':
      return !equals(left, right);
    case 'in':
      if (Array.isArray(right)) {
        spend(run, right.length);
        return right.some((item) => equals(left, item));
      }
      if (isObject(right)) return Object.hasOwn(right, String(left)) && right[String(left)] !== undefined;
      throw stop(`\`in\` looks into a list or a map, not into ${typeOf(right)}`);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compare(node.op, left, right, stop);
    default:
      return arithmetic(node.op, left, right, stop);
  }
}

/** CEL's `||` and `&&`: what one side decides, no error of the other can undo. */
function either(sides: readonly [ASTNode, ASTNode], decides: boolean, run: Run): boolean {
  let left: boolean | ClawError;
  try {
    left = condition(sides[0], run);
  } catch (error) {
    if (!(error instanceof ClawError)) throw error;
    left = error;
  }
  if (left === decides) return decides;
  const right = condition(sides[1], run);
  if (right === decides) return decides;
  if (left instanceof ClawError) throw left;
  return !decides;
}

function condition(node: ASTNode, run: Run): boolean {
  const value = evaluated(node, run);
  if (typeof value === 'boolean') return value;
  throw fail(node, run)(`${quoted(node, run)} is ${typeOf(value)}, where true or false is due`);
}

function negative(node: ASTNode, run: Run): unknown {
  const value = evaluated(node, run);
  if (typeof value === 'bigint' || typeof value === 'number') return -value;
  throw fail(node, run)(`\`-\` needs a number; ${quoted(node, run)} is ${typeOf(value)}`);
}

function values(nodes: readonly ASTNode[], run: Run): readonly unknown[] {
  return nodes.map((node) => evaluated(node, run));
}

function mapOf(node: ASTNode & { op: 'map' }, run: Run): unknown {
  const entries = node.args.map(([key, value]) => {
    const name = evaluated(key, run);
    if (typeof name !== 'string' || name === '__proto__')
      throw fail(key, run)('the key of a map must be a text');
    return [name, evaluated(value, run)] as const;
  });
  return Object.fromEntries(entries);
}

function method(node: ASTNode & { op: 'rcall' }, run: Run): unknown {
  const [name, receiver, parameters] = node.args;
  const value = evaluated(receiver, run);
  if (typeof value === 'string' || Array.isArray(value)) spend(run, value.length / 16);
  return callMethod(name, value, values(parameters, run), fail(node, run));
}

function macro(node: ASTNode & { op: 'rcall' }, run: Run): unknown {
  const [name, receiver, [variable, first, second]] = node.args;
  const collection = evaluated(receiver, run);
  const items = Array.isArray(collection)
    ? collection.map(lift)
    : isObject(collection)
      ? Object.keys(collection)
      : undefined;
  if (items === undefined || first === undefined || variable?.op !== 'id') {
    throw fail(receiver, run)(`${quoted(receiver, run)} is ${typeOf(collection)}, where a list is due`);
  }
  const inside = (item: unknown): Run => ({ ...run, bound: new Map([...run.bound, [variable.args, item]]) });
  const holds = (item: unknown) => condition(first, inside(item));
  switch (name) {
    case 'all':
      return items.every(holds);
    case 'exists':
      return items.some(holds);
    case 'exists_one':
      return items.filter(holds).length === 1;
    case 'filter':
      return items.filter(holds);
    default:
      return second === undefined
        ? items.map((item) => evaluated(first, inside(item)))
        : items.filter(holds).map((item) => evaluated(second, inside(item)));
  }
}

function has(node: ASTNode & { op: 'call' }, run: Run): boolean {
  const [what] = node.args[1];
  if (what === undefined) return false;
  try {
    return evaluated(what, run) !== undefined;
  } catch (error) {
    if (error instanceof ClawError && error.code === 'value-missing') return false;
    throw error;
  }
}

type Access = Extract<ASTNode, { readonly op: '.' | '.?' | '[]' | '[?]' }>;

function access(node: Access, run: Run): unknown {
  const reference = run.references.get(node);
  if (reference !== undefined) return raise(node, named(reference, run));
  const [left, right] = node.args;
  const value = evaluated(left, run);
  const key = typeof right === 'string' ? right : evaluated(right, run);
  if (value instanceof Secret)
    throw fail(node, run)(`${quoted(left, run)} is a secret and cannot be looked into`);
  const found = Array.isArray(value)
    ? value[typeof key === 'bigint' || typeof key === 'number' ? Number(key) : -1]
    : isObject(value) && typeof key === 'string' && Object.hasOwn(value, key)
      ? value[key]
      : undefined;
  if (found !== undefined) return raise(node, found);
  throw missing(missingReason(node, left, value, run), run);
}

function named({ root, name }: Reference, run: Run): unknown {
  if (root === 'run') return run.scope.run;
  const all: { readonly [name: string]: unknown } = run.scope[root];
  const value = Object.hasOwn(all, name) ? all[name] : undefined;
  if (value !== undefined) return value;
  const reasons = {
    facts: `the fact \`${name}\` was not found`,
    params: `the parameter \`${name}\` was not given`,
    causes: `the cause \`${name}\` was not looked for`,
    steps: `the step \`${name}\` has not run`,
    targets: `the target \`${name}\` is not bound`,
  };
  throw missing(`\`${root}.${name}\` is not there: ${reasons[root]}`, run);
}

// What the checker knows to be a double stays one, though JSON gave it as `3`.
function raise(node: ASTNode, value: unknown): unknown {
  const { checkedType } = node as { readonly checkedType?: { readonly name: string } };
  return checkedType?.name === 'double' && typeof value === 'number' ? value : lift(value);
}

function missingReason(node: Access, left: ASTNode, value: unknown, run: Run): string {
  const what = `${quoted(node, run)} is not there`;
  const step = run.references.get(left);
  if (step?.root === 'steps' && isObject(value)) {
    const reason = value.skipped === true ? 'was skipped' : 'gives no output, or not yet';
    return `${what}: the step \`${step.name}\` ${reason}`;
  }
  return isObject(value) || Array.isArray(value) ? what : `${what}: ${quoted(left, run)} is ${typeOf(value)}`;
}

function missing(message: string, { where }: Run): ClawError {
  return new ClawError('value-missing', `${message} (${where})`, {
    hint: 'say in `if` when it is there, or give another value: `has(…) ? … : …`',
  });
}

function fail(node: ASTNode, run: Run): (message: string) => ClawError {
  return (message) => new ClawError('input-invalid', `${message} (in ${quoted(node, run)}, ${run.where})`);
}

function spend(run: Run, amount: number): void {
  run.budget.left -= amount;
  if (run.budget.left < 0) throw new Exhausted();
}

/** Not absorbed by `||`: nothing may go on once the budget is spent. */
class Exhausted extends Error {
  override readonly name = 'Exhausted';
}

function quoted(node: ASTNode, run: Run): string {
  const text = run.text.slice(node.start, node.end);
  return `\`${text.length > 80 ? `${text.slice(0, 79)}…` : text}\``;
}
