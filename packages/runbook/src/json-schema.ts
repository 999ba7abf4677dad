import type { Definition, Json, JsonObject, Library } from '@claw-run/core';
import { toJSONSchema } from 'zod/v4/core';
import { onFailures } from './header.ts';
import { expressionOr } from './json-schema-expressions.ts';
import { paramTypes } from './params.ts';

/**
 * The JSON Schema (draft-07, which yaml-language-server knows best) of a runbook that uses a library: an editor completes
 * `uses`, and `with` for the step that is used.
 */
export function runbookJsonSchema(library: Library): JsonObject {
  const definitions = [...library.values()];
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'claw-run runbook',
    ...either(runbook, fragment, 'fragment'),
    definitions: {
      ...Object.fromEntries(definitions.map((definition) => [definition.id, inputSchema(definition)])),
      expression,
      name,
      duration,
      param,
      target,
      onFailure,
      include,
      version,
      fact: use(definitions, ['lookup'], {}),
      cause: use(definitions, ['check'], { title: text('Why the incident happens, in one line.') }, [
        'title',
      ]),
      step: either(use(definitions, ['state', 'event'], stepKeys, ['id']), { $ref: '#/definitions/include' }),
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

function text(description: string): JsonObject {
  return { type: 'string', description };
}

// draft-07 ignores what stands beside `$ref`; in `allOf` the description is kept.
function ref(definition: string, description: string): JsonObject {
  return { description, allOf: [{ $ref: `#/definitions/${definition}` }] };
}

function closed(properties: JsonObject, required: readonly string[], description: string): JsonObject {
  return { type: 'object', description, properties, required, additionalProperties: false };
}

function either(item: JsonObject, other: JsonObject, key = 'include'): JsonObject {
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  return { if: { type: 'object', required: [key] }, then: other, else: item };
}

function listOf(definition: string, description: string): JsonObject {
  return { type: 'array', description, items: { $ref: `#/definitions/${definition}` } };
}

function mapOf(definition: string, description: string): JsonObject {
  return {
    type: 'object',
    description,
    propertyNames: { $ref: '#/definitions/name' },
    additionalProperties: { $ref: `#/definitions/${definition}` },
  };
}

const expression: JsonObject = {
  type: 'string',
  description: 'An expression: `${{ params.namespace }}`',
  pattern: '\\$\\{\\{',
};
const name: JsonObject = { type: 'string', pattern: '^[A-Za-z][A-Za-z0-9_-]*$', maxLength: 100 };
const duration: JsonObject = {
  type: 'string',
  pattern: '^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$',
  examples: ['500ms', '30s', '3m', '1h'],
};
const version: JsonObject = { const: 1, description: 'The version of the language.' };
const onFailure: JsonObject = { enum: onFailures, default: 'roll-back' };

const literal: JsonObject = { type: ['string', 'number', 'boolean', 'array', 'object', 'null'] };

const param = closed(
  {
    type: { enum: paramTypes },
    summary: text('What it is for.'),
    default: { ...literal, description: 'The value where none is given; a literal.' },
    from: {
      type: 'array',
      description: 'Where the value comes from where none is given, in order.',
      items: {
        type: 'string',
        pattern: '^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|prompt)$',
        examples: ['env:NAME', 'prompt'],
      },
    },
    choices: { type: 'array', description: 'The values it may have.', items: literal, minItems: 1 },
    pattern: text('RE2; a text must match it as a whole.'),
    required: {
      type: 'boolean',
      description: 'Must be given. So where there is neither `default` nor `from`.',
    },
  },
  ['type'],
  'A parameter.',
);

const target = closed(
  {
    kind: { enum: ['host', 'cluster'] },
    many: { type: 'boolean', default: false, description: 'Stands for several hosts or clusters.' },
    default: text('`local`, or a URL, where no binding is given.'),
    'roll-out': closed(
      {
        batches: {
          type: 'array',
          minItems: 1,
          items: { type: ['integer', 'string'], pattern: '^[0-9]+%?$' },
          examples: [[1, '10%', '100%']],
        },
        'stop-when-failed': { type: 'integer', minimum: 1 },
        pause: { $ref: '#/definitions/duration' },
      },
      [],
      'In which batches many targets are worked on.',
    ),
  },
  ['kind'],
  'Where steps work.',
);

const include = closed(
  {
    include: text('The path of a fragment, beside this file.'),
    with: { type: 'object', description: "The fragment's parameters.", additionalProperties: literal },
    id: ref('name', 'The steps of the fragment are called `<id>-…`.'),
  },
  ['include'],
  'Brings the steps of a fragment.',
);

const stepKeys: JsonObject = {
  id: ref('name', 'How expressions, plans and reports call the step.'),
  timeout: ref('duration', 'How long the step may take.'),
  retry: closed(
    {
      attempts: { type: 'integer', minimum: 1, maximum: 100 },
      delay: { $ref: '#/definitions/duration' },
      backoff: { type: 'number', minimum: 1, maximum: 10 },
    },
    ['attempts'],
    'Tries again what may pass.',
  ),
  'on-failure': ref('onFailure', 'What happens when this step fails.'),
};

const runbook = closed(
  {
    runbook: {
      type: 'string',
      pattern: '^[a-z][a-z0-9]*(-[a-z0-9]+)*$',
      description: 'The name of the runbook.',
    },
    version: { $ref: '#/definitions/version' },
    title: text('What is broken, in one line.'),
    description: text('What one should know before using it.'),
    fixes: {
      type: 'array',
      items: { type: 'string' },
      description: 'Error codes by which `claw-run diagnose` finds the runbook.',
    },
    symptoms: {
      type: 'array',
      items: { type: 'string' },
      description: 'Patterns (RE2) in logs; named groups become facts.',
    },
    params: mapOf('param', 'What the runbook is told: `params.<name>`.'),
    targets: mapOf('target', 'Where it works.'),
    facts: mapOf('fact', 'What it looks up: `facts.<name>`.'),
    causes: mapOf('cause', 'Why the incident can happen: `causes.<id>.found`.'),
    steps: listOf('step', 'What mends it, in this order.'),
    verify: listOf('verification', 'What proves that it is mended.'),
    'on-failure': ref('onFailure', 'What happens when a step fails.'),
  },
  ['runbook', 'version', 'title', 'steps'],
  'One incident, mended end to end.',
);

const fragment = closed(
  {
    fragment: text('The name of the fragment.'),
    version: { $ref: '#/definitions/version' },
    title: text('What its steps do, in one line.'),
    description: text('What one should know before including it.'),
    params: mapOf('param', 'What it is told by `with` of the include.'),
    steps: listOf('step', 'The steps it brings.'),
  },
  ['fragment', 'version', 'steps'],
  'Steps that runbooks share.',
);

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
