import type { Definition, Json, JsonObject, Library } from '@claw-run/core';
import { toJSONSchema } from 'zod/v4/core';
import { expressionOr } from './json-schema-expressions.ts';
import * as parts from './json-schema-parts.ts';
import { closed, either, literal, ref, text } from './json-schema-parts.ts';

/**
 * The JSON Schema (draft-07, which yaml-language-server knows best) of a runbook that uses a library: an editor completes
 * `uses`, and `with` for the step that is used.
 */
export function runbookJsonSchema(library: Library): JsonObject {
  const definitions = [...library.values()];
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'claw-run runbook',
    ...either(parts.runbook, parts.fragment, 'fragment'),
    definitions: {
      ...Object.fromEntries(definitions.map((definition) => [definition.id, inputSchema(definition)])),
      expression: parts.expression,
      name: parts.name,
      duration: parts.duration,
      param: parts.param,
      target: parts.target,
      onFailure: parts.onFailure,
      include: parts.include,
      version: parts.version,
      fact: use(definitions, ['lookup'], {}),
      cause: use(definitions, ['check'], { title: text('Why the incident happens, in one line.') }, [
        'title',
      ]),
      step: either(use(definitions, ['state', 'event'], parts.stepKeys, ['id']), {
        $ref: '#/definitions/include',
      }),
      verification: either(
        use(definitions, ['check', 'event'], {
          id: ref('name', 'How reports call it; made from the name where absent.'),
          within: ref('duration', 'How long it may take to come about.'),
        }),
        { $ref: '#/definitions/include' },
      ),
    },
  };
}

function use(
  all: readonly Definition[],
  types: readonly Definition['type'][],
  more: JsonObject,
  required: readonly string[] = [],
): JsonObject {
  const definitions = all.filter((definition) => types.includes(definition.type));
  const uses = {
    description: 'What is used, from a library.',
    enum: definitions.map(({ id }) => id),
    enumDescriptions: definitions.map(({ summary }) => summary),
    markdownEnumDescriptions: definitions.map(({ summary, description }) =>
      description === undefined ? summary : `${summary}\n\n${description}`,
    ),
  };
  const properties = {
    ...more,
    name: text('How a person calls it.'),
    uses,
    on: ref('name', 'The target; may be left out where only one fits.'),
    with: { type: 'object' },
    if: {
      type: ['string', 'boolean'],
      description: 'An expression that is true or false: `causes.rbac.found`',
    },
  };
  const branches = definitions.map(({ id, input }) => ({
    if: { properties: { uses: { const: id } }, required: ['uses'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: {
      properties: { with: { $ref: `#/definitions/${id}` } },
      ...(input.safeParse({}).success ? {} : { required: ['with'] }),
    },
  }));
  return { ...closed(properties, ['uses', ...required], 'One use of a library.'), allOf: branches };
}

function inputSchema(definition: Definition): JsonObject {
  const schema = toJSONSchema(definition.input, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
    // Whatever JSON Schema has no word for (a secret, a custom type) can only come from an expression.
    override: ({ zodSchema, jsonSchema }) => {
      const { type } = zodSchema._zod.def;
      if (type === 'custom') Object.assign(jsonSchema, { type: 'string', pattern: '^\\$\\{\\{[^}]*\\}\\}$' });
      if ((type === 'unknown' || type === 'any') && Object.keys(jsonSchema).length === 0)
        Object.assign(jsonSchema, literal);
      if (type === 'object' && jsonSchema.additionalProperties === undefined)
        jsonSchema.additionalProperties = false;
    },
  });
  const { $schema: _, ...rest } = schema;
  const { description, title, examples } = {
    description: definition.description ?? definition.summary,
    title: definition.id,
    examples: definition.examples,
  };
  const own = {
    title,
    description,
    ...(examples.length === 0
      ? {}
      : { defaultSnippets: examples.map((example) => ({ label: example.title, body: example.with })) }),
  };
  return { ...own, ...(expressionOr(rest as Json, true) as JsonObject) };
}
