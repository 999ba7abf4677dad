import { Secret } from '@claw-run/core';
import type * as z from 'zod';
import { type Issue, issuesOf } from './input-issues.ts';
import { suggestion } from './nearest.ts';
import type { Problems } from './problems.ts';
import type { Shape } from './shape.ts';
import type { Span } from './source.ts';
import { describe, type MapTree, type Tree, treeAt } from './tree.ts';
import type { Hole, Value } from './value.ts';
import { definitionOf, unwrapped } from './zod-definition.ts';

interface Input {
  readonly schema: z.ZodType;
  readonly value: Value;
  /** The `with` of the step; nothing when it has none. */
  readonly tree: Tree | undefined;
  /** Where to complain when there is no `with`. */
  readonly span: Span;
  /** The id of the step, for messages. */
  readonly uses: string;
}

/** Holds a step's inputs against its schema: all of what stands there now, and the types of what expressions will give. */
export function checkInput(input: Input, problems: Problems): void {
  const { schema, value, tree, span, uses } = input;
  const told = new Set<Span>();
  if (tree !== undefined) checkKeys(tree, schema, { uses, told }, problems);
  for (const hole of value.holes) checkHole(hole, schema, problems);
  for (const issue of issuesOf(schema, withSamples(value), (one) => concerns(one, value.holes))) {
    tellIssue(issue, { tree, span, uses, told }, problems);
  }
}

// A secret stands in as one, so that an input that takes none says so now.
function withSamples(value: Value): unknown {
  const secrets = value.holes.filter((hole) => hole.shape.kind === 'secret');
  return secrets.reduce<unknown>((all, hole) => replaced(all, hole.path, new Secret('sample')), value.known);
}

function replaced(value: unknown, path: readonly (string | number)[], by: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return by;
  if (Array.isArray(value))
    return value.map((item, index) => (index === first ? replaced(item, rest, by) : item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === first ? replaced(item, rest, by) : item]),
  );
}

/** Not an issue of ours: one at or below something that is only known later, or around it where it may have a part in it. */
function concerns(issue: Issue, holes: readonly Hole[]): boolean {
  if (issue.kind === 'key') return true;
  const isInside = issue.sure === true || issue.kind === 'missing';
  return holes.every((hole) => {
    if (hole.shape.kind === 'secret') return issue.kind === 'type' || !within(issue.path, hole.path);
    if (within(issue.path, hole.path)) return false;
    return isInside || !within(hole.path, issue.path);
  });
}

function within(path: readonly PropertyKey[], start: readonly PropertyKey[]): boolean {
  return path.length >= start.length && start.every((step, index) => String(step) === String(path[index]));
}

function tellIssue(
  issue: Issue,
  { tree, span, uses, told }: Pick<Input, 'tree' | 'span' | 'uses'> & KeyCheck,
  problems: Problems,
): void {
  if (issue.kind === 'key') {
    const map = tree === undefined ? undefined : treeAt(tree, issue.path.slice(0, -1));
    const name = String(issue.path.at(-1));
    const key = map?.kind === 'map' ? map.entries.get(name)?.key : undefined;
    const message =
      issue.message === ''
        ? `\`${uses}\` has no input \`${name}\``
        : `\`${issue.path.map(String).join('.')}\` ${issue.message}`;
    if (key !== undefined && !told.has(key)) problems.add(key, message);
    return;
  }
  const path = issue.path.map(String).join('.');
  if (issue.kind === 'missing') {
    const at = tree === undefined ? span : placeOf(treeAt(tree, issue.path.slice(0, -1)), span);
    const what = issue.expected === undefined ? '' : ` (${issue.expected})`;
    problems.add(
      at,
      `\`${uses}\` needs \`with.${path}\`${what}`,
      issue.hint ?? `\`claw-run explain ${uses}\` shows its inputs`,
    );
    return;
  }
  const at = tree === undefined ? undefined : treeAt(tree, issue.path);
  if (at?.kind === 'scalar' && at.broken) return;
  const found = at === undefined || issue.kind !== 'type' ? '' : `, this is ${foundInWords(at)}`;
  problems.add(at ?? span, `${path === '' ? '`with`' : `\`${path}\``} ${issue.message}${found}`, issue.hint);
}

function foundInWords(tree: Tree): string {
  const expression = tree.kind === 'scalar' && typeof tree.value === 'string' && tree.value.includes('${{');
  return expression ? 'a secret' : describe(tree);
}

function placeOf(tree: Tree, span: Span): Span {
  return tree.kind === 'map' && tree.entries.size > 0 ? span : tree;
}

interface KeyCheck {
  readonly uses: string;
  /** The keys that a problem was told of. */
  readonly told: Set<Span>;
}

/** Keys that a schema does not have are mistakes, though zod would leave them out silently. */
function checkKeys(tree: Tree, schema: z.ZodType, check: KeyCheck, problems: Problems): void {
  const definition = unwrapped(schema);
  if (definition.type === 'object' && tree.kind === 'map') {
    if (!definition.open) tellUnknownKeys(tree, [...definition.shape.keys()], check, problems);
    for (const [name, entry] of tree.entries) {
      const field = definition.shape.get(name);
      if (field !== undefined) checkKeys(entry.value, field, check, problems);
    }
  } else if (definition.type === 'array' && tree.kind === 'list') {
    for (const item of tree.items) checkKeys(item, definition.element, check, problems);
  } else if (definition.type === 'record' && tree.kind === 'map') {
    for (const entry of tree.entries.values()) checkKeys(entry.value, definition.value, check, problems);
  } else if (definition.type === 'union' && tree.kind === 'map') {
    const objects = definition.options.map(unwrapped).filter((option) => option.type === 'object');
    if (objects.length !== definition.options.length || objects.some((option) => option.open)) return;
    tellUnknownKeys(
      tree,
      [...new Set(objects.flatMap((option) => [...option.shape.keys()]))],
      check,
      problems,
    );
  }
}

function tellUnknownKeys(
  tree: MapTree,
  names: readonly string[],
  { uses, told }: KeyCheck,
  problems: Problems,
): void {
  for (const [name, { key }] of tree.entries) {
    if (names.includes(name)) continue;
    told.add(key);
    problems.add(key, `\`${uses}\` has no input \`${name}\``, suggestion(name, names));
  }
}

function checkHole(hole: Hole, schema: z.ZodType, problems: Problems): void {
  const kinds = kindsAt(schema, hole.path);
  const given = hole.shape.kind === 'object' ? 'map' : hole.shape.kind;
  if (kinds === undefined || given === 'dyn' || given === 'secret' || kinds.has(given)) return;
  if (given === 'int' && kinds.has('double')) return;
  // Whether a double is whole is only known when it is there.
  if (given === 'double' && kinds.has('int')) return;
  const hint =
    kinds.has('string') && (given === 'int' || given === 'double' || given === 'bool')
      ? 'make it a text: `${{ string(…) }}`'
      : undefined;
  const name = hole.path.join('.') || 'with';
  const wanted = [...kinds].map((kind) => words[kind]).join(' or ');
  problems.add(hole.tree, `\`${name}\` must be ${wanted}; the expression gives ${words[given]}`, hint);
}

type Kind = Exclude<Shape['kind'], 'dyn' | 'secret' | 'object'>;

const words: { readonly [kind in Kind]: string } = {
  string: 'a text',
  int: 'an integer',
  double: 'a number',
  bool: 'true or false',
  list: 'a list',
  map: 'a map',
};

/** The kinds of value that a schema takes at a path; nothing when that cannot be told. */
function kindsAt(schema: z.ZodType, path: readonly (string | number)[]): ReadonlySet<Kind> | undefined {
  const definition = definitionOf(schema);
  if (definition.type === 'wrapper') return kindsAt(definition.inner, path);
  if (definition.type === 'union') {
    const kinds = definition.options.map((option) => kindsAt(option, path));
    const all = kinds.flatMap((set) => (set === undefined ? [] : [...set]));
    return kinds.includes(undefined) ? undefined : new Set(all);
  }
  const [first, ...rest] = path;
  if (first !== undefined) {
    const next =
      definition.type === 'object'
        ? definition.shape.get(String(first))
        : definition.type === 'array'
          ? definition.element
          : definition.type === 'record'
            ? definition.value
            : undefined;
    return next === undefined ? undefined : kindsAt(next, rest);
  }
  switch (definition.type) {
    case 'string':
    case 'template_literal':
      return new Set(['string']);
    case 'number':
      return new Set([definition.integer ? 'int' : 'double']);
    case 'boolean':
      return new Set(['bool']);
    case 'array':
      return new Set(['list']);
    case 'record':
    case 'object':
      return new Set(['map']);
    case 'enum':
    case 'literal':
      return kindsOfValues(definition.values);
    default:
      return undefined;
  }
}

function kindsOfValues(values: readonly unknown[]): ReadonlySet<Kind> | undefined {
  const kinds = values.map((value): Kind | undefined =>
    typeof value === 'string'
      ? 'string'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value === 'number'
          ? 'double'
          : undefined,
  );
  return kinds.includes(undefined) ? undefined : new Set(kinds.filter((kind) => kind !== undefined));
}
