import { createLibrary } from '@claw-run/core';
import { runbookJsonSchema } from '@claw-run/runbook';
import { describe, expect, test } from 'vitest';
import { older } from './fixtures/older-steps.ts';
import { label, shelf } from './fixtures/steps.ts';
import { disagreementsOf, problemsOf } from './support/agreement.ts';
import { standard } from './support/standard.ts';
import { faultsOf, validatorOf } from './support/validator.ts';

const library = createLibrary([...standard.values()], [shelf, label, older]);
const schema = runbookJsonSchema(library);
const definitions = schema.definitions as { readonly [name: string]: object };
const validator = validatorOf(schema);

/** Every input of the step, given as it should be. */
const all = {
  tree: { name: 'a', below: [{ name: 'b', below: [] }] },
  swing: { right: { left: { right: {} }, size: 1 } },
  from: { host: 'a' },
  to: { host: 'a', port: 1 },
  shape: { kind: 'round', radius: 1.5 },
  loose: { a: 1 },
  mixed: { a: 1 },
  sizes: { a: 1 },
  numbered: { x: true, y: false },
  both: { a: 'a', b: 'b' },
  pair: ['a', 1],
  words: ['a', 'b'],
  token: '${{ params.any[0] }}',
  even: 2,
  count: '2',
  whole: '3',
  size: '4k',
  name: 'AbC',
  trimmed: ' aa ',
  mail: 'a@example.org',
  site: 'https://example.org/a',
  day: '2026-01-02',
  odd: 'text',
  maybe: null,
  nested: { a: { b: 1 } },
  open: { a: 1, more: true },
  catching: { a: 1, more: 'b' },
  anything: [1],
  json: { a: [null, { b: 1 }] },
  mode: 'slow',
  limit: 1.5,
  shelf: 'shelf-1',
};

describe('a step of one’s own', () => {
  test('is valid for an editor with all its inputs', async () => {
    expect(faultsOf(validator.definition(shelf.id), all)).toEqual([]);
    expect(await problemsOf(shelf, all, library)).toEqual([]);
  });

  test('is refused by an editor for what `claw-run validate` refuses', async () => {
    const validate = validator.definition(shelf.id);
    const { stricter, laxer } = await disagreementsOf(shelf, { validate, library, inputs: [all] });
    expect(stricter).toEqual([]);
    // what a function of the step's author has a look at, or converts, before it is a value of some type
    expect([...new Set(laxer.map((one) => one.split(' ')[0]))]).toEqual([
      'with.even',
      'with.count',
      'with.whole',
      'with.trimmed',
    ]);
  });

  test('of another copy of zod has its descriptions, its recursion and its checks', async () => {
    const validate = validator.definition(older.id);
    const inputs = [
      {
        tree: { name: 'a', below: [{ name: 'b' }] },
        value: { a: [1] },
        name: 'Abc',
        at: '${{ params.any[0] }}',
        labels: { a: 'b' },
        shape: { b: 1 },
      },
    ];
    expect(faultsOf(validate, inputs[0])).toEqual([]);
    expect(await disagreementsOf(older, { validate, library, inputs })).toEqual({ stricter: [], laxer: [] });
    expect(definitions[older.id]).toMatchObject({
      properties: {
        tree: { description: 'Folders, nested' },
        value: { description: 'Whatever there is', anyOf: [{ $ref: '#/definitions/jsonValue' }] },
        name: {
          description: 'Its name',
          anyOf: [{ pattern: '^[a-fA-F]+$' }, { $ref: '#/definitions/expression' }],
        },
        at: { $ref: '#/definitions/expression' },
        port: { default: 22 },
      },
      required: ['tree', 'name'],
    });
  });

  test('that gives one id to two schemas is in the schema all the same', async () => {
    const validate = validator.definition(label.id);
    const inputs = label.examples.map((example) => example.with);
    expect(inputs.flatMap((input) => faultsOf(validate, input))).toEqual([]);
    expect(await disagreementsOf(label, { validate, library, inputs })).toEqual({ stricter: [], laxer: [] });
  });

  test('shares what it refers to by a name that is its own', () => {
    const before = runbookJsonSchema(standard).definitions as typeof definitions;
    const added = Object.keys(definitions).filter((name) => before[name] === undefined);
    expect(added.sort()).toMatchInlineSnapshot(`
      [
        "acme.shelf",
        "acme.shelf-label",
        "acmeLoose",
        "address",
        "flush",
        "integer",
        "older.step",
        "port",
        "positiveNumber",
        "swing",
        "tree",
        "tree2",
      ]
    `);
    expect(definitions.address).toMatchInlineSnapshot(`
      {
        "additionalProperties": false,
        "description": "Where it listens",
        "properties": {
          "host": {
            "type": "string",
          },
          "port": {
            "anyOf": [
              {
                "$ref": "#/definitions/port",
              },
            ],
            "default": 22,
          },
        },
        "required": [
          "host",
        ],
        "type": "object",
      }
    `);
    expect(definitions.tree).toMatchInlineSnapshot(`
      {
        "additionalProperties": false,
        "properties": {
          "below": {
            "items": {
              "anyOf": [
                {
                  "$ref": "#/definitions/tree",
                },
                {
                  "$ref": "#/definitions/expression",
                },
              ],
            },
            "pattern": "\\$\\{\\{",
            "patternErrorMessage": "Must be a list, or an expression: \`\${{ … }}\`.",
            "type": [
              "array",
              "string",
            ],
          },
          "name": {
            "anyOf": [
              {
                "$ref": "#/definitions/nonEmptyString",
              },
            ],
            "description": "Name of the folder",
          },
        },
        "required": [
          "name",
        ],
        "type": "object",
      }
    `);
  });

  test('takes a secret as an expression only', () => {
    expect(faultsOf(validator.definition(shelf.id), { ...all, token: 'plain' })).toEqual([
      'token: must match pattern "\\$\\{\\{"',
    ]);
  });
});
