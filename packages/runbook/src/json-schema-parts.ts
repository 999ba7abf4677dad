import type { JsonObject } from '@claw-run/core';
import { onFailures } from './header.ts';
import { paramTypes } from './params.ts';

export function text(description: string): JsonObject {
  return { type: 'string', description };
}

export function ref(definition: string, description: string): JsonObject {
  return noted({ description }, definition);
}

/**
 * A definition with words of its own. Draft-07 ignores what stands beside `$ref`; as the only alternative it does not, and an
 * editor that completes the key goes on behind its colon.
 */
export function noted(notes: JsonObject, definition: string): JsonObject {
  return { ...notes, anyOf: [{ $ref: `#/definitions/${definition}` }] };
}

export function closed(properties: JsonObject, required: readonly string[], description: string): JsonObject {
  return { type: 'object', description, properties, required, additionalProperties: false };
}

export function either(item: JsonObject, other: JsonObject, key = 'include'): JsonObject {
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  return { if: { type: 'object', properties: { [key]: true }, required: [key] }, then: other, else: item };
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

/** A text that is an expression, or has one in it. */
export const expressionPattern = '\\$\\{\\{';
export const expression: JsonObject = {
  title: 'expression',
  type: 'string',
  pattern: expressionPattern,
  patternErrorMessage: 'Must be an expression, such as `${{ params.namespace }}`.',
};
export const expressionRef: JsonObject = { $ref: '#/definitions/expression' };
export const name: JsonObject = {
  type: 'string',
  pattern: '^[A-Za-z][A-Za-z0-9_-]*$',
  patternErrorMessage:
    'Must be a name: it starts with a letter and goes on with letters, digits, `-` and `_`.',
  maxLength: 100,
};
export const duration: JsonObject = {
  type: 'string',
  pattern: '^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$',
  patternErrorMessage: 'Must be a duration such as `500ms`, `30s`, `3m` or `1h`.',
  examples: ['500ms', '30s', '3m', '1h'],
};
export const version: JsonObject = { const: 1, description: 'The version of the language.' };
export const onFailure: JsonObject = { enum: onFailures, default: 'roll-back' };

/** Whatever JSON has. */
export const anyValue: JsonObject = { type: ['string', 'number', 'boolean', 'array', 'object', 'null'] };

export const param = closed(
  {
    type: { enum: paramTypes },
    summary: text('What it is for.'),
    default: { ...anyValue, description: 'The value where none is given; a literal.' },
    from: {
      type: 'array',
      description: 'Where the value comes from where none is given, in order.',
      items: {
        type: 'string',
        pattern: '^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|prompt)$',
        patternErrorMessage: 'Must be `env:NAME`, `file:PATH` or `prompt`.',
        examples: ['env:NAME', 'prompt'],
      },
    },
    choices: { type: 'array', description: 'The values it may have.', items: anyValue, minItems: 1 },
    pattern: text('RE2; a text must match it as a whole.'),
    required: {
      type: 'boolean',
      description: 'Must be given. So where there is neither `default` nor `from`.',
    },
  },
  ['type'],
  'A parameter.',
);

export const target = closed(
  {
    kind: { enum: ['host', 'cluster'] },
    many: { type: 'boolean', default: false, description: 'Stands for several hosts or clusters.' },
    default: text('`local`, or a URL, where no binding is given.'),
    'roll-out': closed(
      {
        batches: {
          type: 'array',
          minItems: 1,
          items: {
            type: ['integer', 'string'],
            pattern: '^[0-9]+%?$',
            patternErrorMessage: 'Must be a number of targets or a percentage, such as `1`, `25` or `10%`.',
          },
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

export const include = closed(
  {
    include: text('The path of a fragment, beside this file.'),
    with: { type: 'object', description: "The fragment's parameters.", additionalProperties: anyValue },
    id: ref('name', 'The steps of the fragment are called `<id>-…`.'),
  },
  ['include'],
  'Brings the steps of a fragment.',
);

export const stepKeys: JsonObject = {
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

export const runbook = closed(
  {
    runbook: {
      type: 'string',
      pattern: '^[a-z][a-z0-9]*(-[a-z0-9]+)*$',
      patternErrorMessage: 'Must be lower-case words joined by `-`, such as `worker-denied`.',
      description: 'The name of the runbook.',
    },
    version: { $ref: '#/definitions/version' },
    title: text('What is broken, in one line.'),
    description: text('What one should know before using it.'),
    libraries: {
      type: 'array',
      items: { type: 'string', examples: ['./steps.ts', '@acme/steps'] },
      description:
        'Modules with steps of your own: files beside the runbook, or packages installed there. Loaded only with `--allow-libraries`, or in a trusted folder.',
    },
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

export const fragment = closed(
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
