import type { Definition, Library, Scope, Target, Use } from '@claw-run/core';
import { checkInput } from './check-input.ts';
import { compileExpression, type Expression, evaluateCondition } from './expression.ts';
import type { ExpressionScope } from './expression-scope.ts';
import { nearest, suggestion } from './nearest.ts';
import { firstLine, type Reader } from './read.ts';
import { spanInScalar } from './scalar-offsets.ts';
import { positionOf, type Span } from './source.ts';
import { cutTemplate } from './template.ts';
import { describe, type MapTree, type ScalarTree, type Tree } from './tree.ts';
import { compileValue, type Value } from './value.ts';

export interface UseContext {
  readonly reader: Reader;
  readonly library: Library;
  readonly targets: readonly Target[];
  readonly scope: ExpressionScope;
}

export interface UseOptions<T extends Definition['type']> {
  readonly id: string;
  readonly name?: string;
  /** Where to complain when nothing more exact is wrong: the id, or the start of the item. */
  readonly span: Span;
  readonly types: readonly T[];
  readonly section: string;
}

/** Compiles what facts, causes, steps and verifications share: `uses`, `on`, `with`, `if`. */
export function compileUse<T extends Definition['type']>(
  map: MapTree,
  options: UseOptions<T>,
  context: UseContext,
): Use<Extract<Definition, { type: T }>> | undefined {
  const { reader, scope } = context;
  const definition = readUses(map, options, context);
  const on = readOn(map, definition, options.span, context);
  const inputTree = map.entries.get('with')?.value;
  const input = reader.map(inputTree, '`with`');
  const value = input === undefined ? nothing : compileValue(input, { scope, problems: reader.problems });
  if (definition !== undefined && (inputTree === undefined || input !== undefined)) {
    const span = map.entries.get('uses')?.value ?? options.span;
    checkInput({ schema: definition.input, value, tree: input, span, uses: definition.id }, reader.problems);
  }
  const condition = readIf(map.entries.get('if')?.value, context);
  const name = reader.text(map.entries.get('name')?.value, '`name`') ?? options.name;
  if (definition === undefined || on === undefined) return undefined;
  return {
    id: options.id,
    name: name ?? definition.summary,
    uses: definition,
    on,
    with: value.evaluate,
    needs: [...new Set([...value.needs, ...(condition?.needs ?? [])])],
    position: positionOf(options.span.source, options.span.start),
    ...(condition === undefined ? {} : { if: condition.evaluate, ifText: condition.text }),
  };
}

const nothing: Value = { known: {}, holes: [], needs: [], evaluate: () => ({}) };

type OfType<T> = Extract<Definition, { type: T }>;

function isOfType<T extends Definition['type']>(
  definition: Definition,
  types: readonly T[],
): definition is OfType<T> {
  return types.some((type) => type === definition.type);
}

const places: { readonly [type in Definition['type']]: readonly [noun: string, place: string] } = {
  state: ['a step', 'use it in `steps`'],
  event: ['an event', 'use it in `steps` or `verify`'],
  check: ['a check', 'use it in `causes` or `verify`'],
  lookup: ['a lookup', 'use it in `facts`'],
};

function readUses<T extends Definition['type']>(
  map: MapTree,
  { types, section, span }: UseOptions<T>,
  { reader, library }: UseContext,
): OfType<T> | undefined {
  const tree = map.entries.get('uses')?.value;
  const fitting = [...library.values()]
    .filter((definition) => isOfType(definition, types))
    .map(({ id }) => id);
  if (tree === undefined) {
    reader.problems.add(
      span,
      '`uses` is missing',
      fitting[0] === undefined ? undefined : `such as \`uses: ${fitting[0]}\`; \`claw-run list\` shows all`,
    );
    return undefined;
  }
  const id = reader.text(tree, '`uses`');
  if (id === undefined) return undefined;
  const definition = library.get(id);
  if (definition === undefined) {
    const near = nearest(id, fitting) ?? nearest(id, library.keys());
    reader.problems.add(tree, `no library has \`${id}\``, unknownHint(id, near, library));
    return undefined;
  }
  if (isOfType(definition, types)) return definition;
  const [noun, place] = places[definition.type];
  reader.problems.add(
    tree,
    `\`${id}\` is ${noun}; \`${section}\` takes ${types.map((type) => places[type][0]).join(' or ')}`,
    place,
  );
  return undefined;
}

/** Where the library itself is not there, no step of another one was meant. */
function unknownHint(id: string, near: string | undefined, library: UseContext['library']): string {
  const [own = ''] = id.split('.');
  const known = [...library.keys()].some((each) => each.startsWith(`${own}.`));
  if (id.includes('.') && !known && near === undefined)
    return `a library of your own? \`libraries: [./steps.ts]\` in the runbook, or --library FILE; \`claw-run list\` shows what there is`;
  return near === undefined ? '`claw-run list` shows what there is' : `did you mean \`${near}\`?`;
}

function readOn(
  map: MapTree,
  definition: Definition | undefined,
  span: Span,
  context: UseContext,
): string | undefined {
  const { reader, targets } = context;
  const tree = map.entries.get('on')?.value;
  const fitting = targets.filter((target) => target.kind === definition?.on).map(({ name }) => name);
  if (tree === undefined) {
    if (definition === undefined || fitting.length === 1) return fitting[0];
    const at = map.entries.get('uses')?.value ?? span;
    const message = `\`on\` is missing: \`${definition.id}\` works on a ${definition.on}`;
    reader.problems.add(
      at,
      fitting.length === 0
        ? `${message}, and the runbook has no such target`
        : `${message}, and there are several`,
      fitting.length === 0
        ? `add \`${definition.on}: { kind: ${definition.on} }\` to \`targets\``
        : `say \`on: ${fitting[0]}\`, or one of ${fitting.slice(1).join(', ')}`,
    );
    return undefined;
  }
  const name = reader.text(tree, '`on`');
  if (name === undefined) return undefined;
  const target = targets.find((candidate) => candidate.name === name);
  if (target === undefined) {
    const hint = suggestion(
      name,
      fitting.length === 0 ? targets.map((candidate) => candidate.name) : fitting,
    );
    reader.problems.add(tree, `there is no target \`${name}\``, hint ?? 'targets are declared in `targets:`');
    return undefined;
  }
  if (definition === undefined || target.kind === definition.on) return name;
  const hint =
    fitting.length === 0
      ? `add one to \`targets\`: \`{ kind: ${definition.on} }\``
      : `there ${fitting.length === 1 ? 'is' : 'are'}: ${fitting.map((n) => `\`${n}\``).join(', ')}`;
  reader.problems.add(
    tree,
    `\`${name}\` is a ${target.kind}; \`${definition.id}\` works on a ${definition.on}`,
    hint,
  );
  return undefined;
}

interface Condition {
  readonly text: string;
  readonly needs: readonly string[];
  readonly evaluate: (scope: Scope) => boolean;
}

function readIf(tree: Tree | undefined, { reader, scope }: UseContext): Condition | undefined {
  if (tree === undefined || (tree.kind === 'scalar' && tree.broken)) return undefined;
  if (tree.kind !== 'scalar' || tree.value === null || typeof tree.value === 'number') {
    reader.problems.add(
      firstLine(tree),
      `\`if\` must be an expression that is true or false, this is ${describe(tree)}`,
      example,
    );
    return undefined;
  }
  if (typeof tree.value === 'boolean') {
    const { value } = tree;
    return { text: String(value), needs: [], evaluate: () => value };
  }
  const piece = conditionText(tree, tree.value, reader);
  if (piece === undefined) return undefined;
  const spanOf = (from: number, to: number) => spanInScalar(tree, piece.start + from, piece.start + to);
  const place = { spanOf, scope: { ...scope, secretsAllowed: false }, problems: reader.problems };
  const expression = compileExpression(piece.text, place);
  if (expression === undefined) return undefined;
  const { kind } = expression.shape;
  if (kind !== 'bool' && kind !== 'dyn') {
    reader.problems.add(
      spanOf(0, piece.text.length),
      `\`if\` must be true or false; this is ${kindWords[kind]}`,
      hintFor(expression),
    );
    return undefined;
  }
  return {
    text: piece.text,
    needs: expression.needs,
    evaluate: (outer) => evaluateCondition(expression, outer),
  };
}

const example = 'such as `if: causes.rbac.found`';

const kindWords = {
  string: 'a text',
  int: 'an integer',
  double: 'a number',
  secret: 'a secret',
  list: 'a list',
  map: 'a map',
  object: 'a map',
};

function hintFor({ text, shape }: Expression): string {
  if (shape.kind === 'list' || shape.kind === 'map') return `compare its size: \`size(${text}) > 0\``;
  return shape.kind === 'string' && !/^['"]/.test(text) ? `compare it: \`${text} == '…'\`` : example;
}

/** The expression of an `if`: all of the text, or what is in its `${{ }}` when there is nothing around. */
function conditionText(
  tree: ScalarTree,
  value: string,
  reader: Reader,
): { text: string; start: number } | undefined {
  if (!value.includes('${{')) {
    const text = value.trimEnd();
    return { text, start: 0 };
  }
  const template = cutTemplate(value);
  const [only] = template.ok ? template.pieces : [];
  if (template.ok && template.pieces.length === 1 && only?.type === 'expression')
    return { text: only.text, start: only.start };
  const message = template.ok
    ? '`if` is one expression: text around `${{ }}` would make it a text, which is always true'
    : '`${{` is not closed';
  const inner = template.ok ? template.pieces.find((piece) => piece.type === 'expression')?.text : undefined;
  const hint = inner === undefined ? example : `write the expression alone: \`if: ${inner}\``;
  reader.problems.add(spanInScalar(tree, 0, value.length), message, hint);
  return undefined;
}
