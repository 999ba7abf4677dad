import { type Json, type Param, type ParamType, Secret } from '@claw-run/core';
import { nameFault } from './names.ts';
import type { Reader } from './read.ts';
import { compilePattern } from './regex.ts';
import type { Shape } from './shape.ts';
import { positionOf } from './source.ts';
import { describeValue, type Entry, type MapTree, plain, type Tree } from './tree.ts';

export const paramTypes = ['string', 'integer', 'number', 'boolean', 'secret', 'list', 'map'] as const;

const keys = ['type', 'summary', 'default', 'from', 'choices', 'pattern', 'required'];

/** Reads `params:`. A fragment's take their values from `with`, so they have no `from`. */
export function readParams(tree: Tree | undefined, reader: Reader, fragment: boolean): readonly Param[] {
  const map = reader.map(tree, '`params`');
  if (map === undefined) return [];
  return [...map.entries].flatMap(([name, entry]) => readParam(name, entry, reader, fragment) ?? []);
}

function readParam(
  name: string,
  { key, value }: Entry,
  reader: Reader,
  fragment: boolean,
): Param | undefined {
  const { problems } = reader;
  const fault = nameFault(name);
  if (fault !== undefined) problems.add(key, `\`${name}\` cannot name a parameter: ${fault}`);
  const what = `\`params.${name}\``;
  const shorthand = value.kind === 'scalar' && paramTypes.some((type) => type === value.value);
  if (shorthand) {
    problems.add(value, `${what} must be a map`, `write \`${name}: { type: ${value.value} }\``);
    return undefined;
  }
  const map = reader.map(value, what);
  if (map === undefined) return undefined;
  reader.keys(
    map,
    `the parameter \`${name}\``,
    keys,
    fragment ? { from: 'a fragment gets its values from `with`' } : typoHints,
  );
  const type = reader.choice(map.entries.get('type')?.value, `\`type\` of ${what}`, paramTypes);
  if (!map.entries.has('type')) {
    problems.add(
      key,
      `${what} has no \`type\``,
      `say \`type: string\`, or one of ${paramTypes.slice(1).join(', ')}`,
    );
  }
  const from = fragment ? [] : readFrom(map, what, reader);
  const given = map.entries.has('default');
  const required = reader.flag(map.entries.get('required')?.value, `\`required\` of ${what}`);
  const summary = reader.text(map.entries.get('summary')?.value, `\`summary\` of ${what}`);
  const pattern = readPattern(map, what, type, reader);
  const choices = readChoices(map, what, type, reader);
  if (required === true && given) {
    problems.add(
      map.entries.get('required')?.key ?? key,
      `${what} has a default, so it is never required`,
      'leave out one of the two',
    );
  }
  const param: Param = {
    name,
    type: type ?? 'string',
    from,
    required: required ?? (!given && from.length === 0),
    position: positionOf(key.source, key.start),
    ...(summary === undefined ? {} : { summary }),
    ...(pattern === undefined ? {} : { pattern }),
    ...(choices === undefined ? {} : { choices }),
  };
  const fallback = map.entries.get('default')?.value;
  if (fallback === undefined || type === undefined) return param;
  return checkDefault(fallback, param, reader) ? { ...param, default: plain(fallback) as Json } : param;
}

const typoHints = {
  description: 'a parameter has a `summary`',
  env: 'write `from: [env:NAME]`',
  enum: 'write `choices: […]`',
};

function checkDefault(tree: Tree, param: Param, { problems }: Reader): boolean {
  const what = `\`default\` of \`params.${param.name}\``;
  if (tree.kind === 'scalar' && tree.broken) return false;
  if (tree.kind === 'scalar' && typeof tree.value === 'string' && tree.value.includes('${{')) {
    problems.add(tree, `${what} cannot hold an expression`, 'defaults are literal values');
    return false;
  }
  if (param.type === 'secret') {
    problems.add(
      tree,
      `${what} would put a secret into the file`,
      'take it from somewhere: `from: [env:NAME, prompt]`',
    );
    return false;
  }
  const fault = paramFault(param, plain(tree));
  if (fault !== undefined) problems.add(tree, `${what} ${fault}`);
  return fault === undefined;
}

function readFrom(map: MapTree, what: string, reader: Reader): readonly string[] {
  const list = reader.list(map.entries.get('from')?.value, `\`from\` of ${what}`);
  return (list?.items ?? []).flatMap((item) => {
    const text = reader.text(item, `an item of \`from\` of ${what}`);
    if (text === undefined || /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|prompt)$/.test(text)) return text ?? [];
    reader.problems.add(
      item,
      `\`${text}\` is no source of a value`,
      'there are `env:NAME`, `file:PATH` and `prompt`',
    );
    return [];
  });
}

function readPattern(
  map: MapTree,
  what: string,
  type: ParamType | undefined,
  reader: Reader,
): string | undefined {
  const tree = map.entries.get('pattern')?.value;
  const text = reader.text(tree, `\`pattern\` of ${what}`);
  if (tree === undefined || text === undefined) return undefined;
  if (type !== undefined && type !== 'string' && type !== 'secret') {
    reader.problems.add(tree, `${what} is of type ${type}: only texts have a \`pattern\``);
    return undefined;
  }
  const compiled = compilePattern(text);
  if (compiled.ok) return text;
  reader.problems.add(tree, `\`pattern\` of ${what} is not RE2: ${compiled.reason}`);
  return undefined;
}

function readChoices(
  map: MapTree,
  what: string,
  type: ParamType | undefined,
  reader: Reader,
): readonly Json[] | undefined {
  const list = reader.list(map.entries.get('choices')?.value, `\`choices\` of ${what}`);
  if (list === undefined) return undefined;
  if (list.items.length === 0) reader.problems.add(list, `\`choices\` of ${what} is empty`);
  for (const item of list.items) {
    const fault = type === undefined ? undefined : typeFault(type, plain(item));
    if (fault !== undefined) reader.problems.add(item, `a choice of ${what} ${fault}`);
  }
  return list.items.map((item) => plain(item) as Json);
}

/** What is wrong with the value of a parameter ("must be an integer, …"), or nothing. */
export function paramFault(param: Param, value: unknown): string | undefined {
  const fault = typeFault(param.type, value);
  if (fault !== undefined) return fault;
  const text = value instanceof Secret ? value.reveal() : value;
  if (param.choices !== undefined && !param.choices.some((choice) => choice === text)) {
    return `must be one of ${param.choices.map((choice) => `\`${String(choice)}\``).join(', ')}`;
  }
  if (param.pattern === undefined || typeof text !== 'string') return undefined;
  const compiled = compilePattern(param.pattern);
  return compiled.ok && !compiled.pattern.matchesAll(text)
    ? `does not match \`${param.pattern}\``
    : undefined;
}

/** What is wrong with the type of a value, or nothing. */
export function typeFault(type: ParamType, value: unknown): string | undefined {
  const fits = {
    string: typeof value === 'string',
    integer: Number.isSafeInteger(value),
    number: Number.isFinite(value),
    boolean: typeof value === 'boolean',
    secret: value instanceof Secret,
    list: Array.isArray(value),
    map: typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret),
  }[type];
  return fits
    ? undefined
    : `must be ${typeWords[type]}, this is ${value instanceof Secret ? 'a secret' : describeValue(value)}`;
}

const typeWords: { readonly [type in ParamType]: string } = {
  string: 'a text',
  integer: 'an integer',
  number: 'a number',
  boolean: '`true` or `false`',
  secret: 'a secret',
  list: 'a list',
  map: 'a map',
};

/** What expressions know of a parameter. */
export function shapeOfParam({ type }: Pick<Param, 'type'>): Shape {
  switch (type) {
    case 'integer':
      return { kind: 'int' };
    case 'number':
      return { kind: 'double' };
    case 'boolean':
      return { kind: 'bool' };
    case 'list':
    case 'map':
      return { kind: type, of: { kind: 'dyn' } };
    default:
      return { kind: type };
  }
}
