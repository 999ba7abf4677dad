import type { Definition, JsonObject, Library } from '@claw-run/core';
import { expressionOr } from './json-schema-expressions.ts';
import { type InputSchema, inputSchema } from './json-schema-input.ts';
import { freeName } from './json-schema-names.ts';
import * as parts from './json-schema-parts.ts';
import { closed, either, ref, text } from './json-schema-parts.ts';
import { type Schemas, shareSchemas } from './json-schema-share.ts';
import { keyOf, mapSchemas, refName, refTo } from './json-schema-walk.ts';
import { jsonText } from './json-text.ts';

/**
 * The JSON Schema (draft-07, which yaml-language-server knows best) of a runbook that uses a library: an editor completes
 * `uses`, and `with` for the step that is used.
 */
export function runbookJsonSchema(library: Library): JsonObject {
  const all = [...library.values()];
  const language = languageOf(all);
  const taken = Object.keys(language);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'claw-run runbook',
    ...either(parts.runbook, parts.fragment, 'fragment'),
    definitions: { ...language, ...shareSchemas({ ...inputsOf(all, taken), taken }) },
  };
}

/** The text of the file that editors load. */
export function runbookSchemaText(library: Library): string {
  return `${jsonText(runbookJsonSchema(library))}\n`;
}

function languageOf(all: readonly Definition[]): Schemas {
  return {
    fact: use(['lookup'], {}),
    cause: use(['check'], { title: text('Why the incident happens, in one line.') }, ['title']),
    step: either(use(['state', 'event'], parts.stepKeys, ['id']), { $ref: '#/definitions/include' }),
    verification: either(
      use(['check', 'event'], {
        id: ref('name', 'How reports call it; made from the name where absent.'),
        within: ref('duration', 'How long it may take to come about.'),
      }),
      { $ref: '#/definitions/include' },
    ),
    include: parts.include,
    param: parts.param,
    target: parts.target,
    name: parts.name,
    duration: parts.duration,
    onFailure: parts.onFailure,
    version: parts.version,
    expression: parts.expression,
    inputs: inputsByUse(all),
    ...Object.fromEntries(kinds.map((kind) => [`${kind}Ids`, ids(all.filter(({ type }) => type === kind))])),
  };
}

const kinds = ['state', 'event', 'check', 'lookup'] as const;

function use(
  types: readonly Definition['type'][],
  more: JsonObject,
  required: readonly string[] = [],
): JsonObject {
  const properties = {
    ...more,
    // a cause is called by its title
    ...(more.title === undefined ? { name: text('How a person calls it.') } : {}),
    uses: {
      description: 'What is used, from a library.',
      anyOf: types.map((type) => refTo(`${type}Ids`)),
    },
    on: ref('name', 'The target; may be left out where only one fits.'),
    with: true,
    if: {
      type: ['string', 'boolean'],
      description: 'An expression that is true or false: `causes.rbac.found`',
    },
  };
  return { ...closed(properties, ['uses', ...required], 'One use of a library.'), allOf: [refTo('inputs')] };
}

/** Each id with what it is for: as alternatives, so that an editor tells of the one that is used and of no other. */
function ids(definitions: readonly Definition[]): JsonObject {
  if (definitions.length === 0) return { not: {} };
  return {
    anyOf: definitions.map(({ id, summary, description }) => ({
      const: id,
      description: description === undefined ? summary : `${summary}.\n\n${description}`,
    })),
  };
}

/** What `with` takes, by what is used. */
function inputsByUse(all: readonly Definition[]): JsonObject {
  const branches = all.map((definition) => ({
    // A pattern, because an editor that completes takes a constant for met by its beginning: `a.role` by `a.role-binding`.
    if: { properties: { uses: { type: 'string', pattern: `^${escaped(definition.id)}$` } } },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: {
      properties: { with: refTo(definition.id) },
      ...(worksWithout(definition) ? {} : { required: ['with'] }),
    },
  }));
  if (branches.length === 0) return {};
  return {
    type: 'object',
    if: { properties: { uses: { type: 'string' } }, required: ['uses'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { allOf: branches },
  };
}

function escaped(id: string): string {
  return id.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

function worksWithout({ input }: Definition): boolean {
  try {
    return input.safeParse({}).success;
  } catch {
    return true;
  }
}

/** The inputs of all steps by their ids, and what they share by name: a recursive schema, or one that its author gave an id. */
function inputsOf(
  all: readonly Definition[],
  taken: readonly string[],
): { readonly steps: Schemas; readonly shared: Schemas } {
  const steps: Record<string, JsonObject> = {};
  const shared: Record<string, JsonObject> = {};
  const byKey = new Map<string, string>();
  for (const definition of all) {
    const input = inputSchema(definition.input);
    const names = new Map([['#', definition.id]]);
    for (const name of Object.keys(input.shared)) {
      const key = unfolded(refTo(name), input, []);
      const known = byKey.get(key) ?? sharedName(name, input, new Set([...taken, ...Object.keys(shared)]));
      byKey.set(key, known);
      names.set(name, known);
      shared[known] ??= {};
    }
    const renamed = (schema: JsonObject): JsonObject => {
      const name = refName(schema);
      return name === undefined ? mapSchemas(schema, renamed) : refTo(names.get(name) ?? name);
    };
    for (const [name, schema] of Object.entries(input.shared)) {
      shared[names.get(name) ?? name] = expressionOr(renamed(schema), true);
    }
    steps[definition.id] = { ...notesOf(definition), ...expressionOr(renamed(input.root), true) };
  }
  return { steps, shared };
}

function notesOf({ id, summary, examples }: Definition): JsonObject {
  const snippets = examples.map((example) => ({ label: example.title, body: example.with }));
  return {
    title: id,
    description: summary,
    ...(snippets.length === 0 ? {} : { defaultSnippets: snippets }),
  };
}

/** The text of a schema with what it refers to put in place; what it is inside of is told by how far out it is. */
function unfolded(schema: JsonObject, input: InputSchema, inside: readonly string[]): string {
  const name = refName(schema);
  if (name === undefined)
    return keyOf(mapSchemas(schema, (child) => ({ is: unfolded(child, input, inside) })));
  const out = inside.indexOf(name);
  if (out !== -1) return `^${out}`;
  return unfolded(name === '#' ? input.root : (input.shared[name] ?? {}), input, [name, ...inside]);
}

/** What zod names itself begins with `__`: it is called after the input where it is first used. */
function sharedName(name: string, input: InputSchema, taken: ReadonlySet<string>): string {
  const place = firstUse(name, input.root) ?? firstUse(name, { properties: input.shared }) ?? 'value';
  return freeName([name.startsWith('__') ? place : name], taken);
}

function firstUse(name: string, schema: JsonObject, input = 'value'): string | undefined {
  if (refName(schema) === name) return input;
  let found: string | undefined;
  mapSchemas(schema, (child, spot) => {
    found ??= firstUse(name, child, spot.name ?? input);
    return child;
  });
  return found;
}
