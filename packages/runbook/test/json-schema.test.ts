import { expect, test } from 'vitest';
import { runbookJsonSchema } from '../src/index.ts';
import { library } from './library.ts';

const schema = runbookJsonSchema(library);

test('the inputs of a step, each also an expression', () => {
  expect(
    (schema.definitions as { readonly [name: string]: unknown })['test.service-account'],
  ).toMatchInlineSnapshot(`
    {
      "additionalProperties": false,
      "defaultSnippets": [
        {
          "body": {
            "name": "a",
            "namespace": "b",
          },
          "label": "one",
        },
      ],
      "description": "A service account exists",
      "properties": {
        "automount": {
          "pattern": "\\$\\{\\{",
          "patternErrorMessage": "Must be \`true\` or \`false\`, or an expression: \`\${{ … }}\`.",
          "type": [
            "boolean",
            "string",
          ],
        },
        "labels": {
          "additionalProperties": {
            "type": "string",
          },
          "pattern": "\\$\\{\\{",
          "patternErrorMessage": "Must be a map, or an expression: \`\${{ … }}\`.",
          "type": [
            "object",
            "string",
          ],
        },
        "name": {
          "anyOf": [
            {
              "minLength": 1,
              "type": "string",
            },
            {
              "$ref": "#/definitions/expression",
            },
          ],
          "description": "The name of the account",
        },
        "namespace": {
          "type": "string",
        },
        "port": {
          "anyOf": [
            {
              "maximum": 65535,
              "minimum": 1,
              "type": "integer",
            },
            {
              "enum": [
                "http",
                "https",
              ],
              "type": "string",
            },
            {
              "$ref": "#/definitions/expression",
            },
          ],
        },
        "replicas": {
          "minimum": 0,
          "pattern": "\\$\\{\\{",
          "patternErrorMessage": "Must be an integer, or an expression: \`\${{ … }}\`.",
          "type": [
            "integer",
            "string",
          ],
        },
        "rules": {
          "default": [],
          "items": {
            "additionalProperties": false,
            "pattern": "\\$\\{\\{",
            "patternErrorMessage": "Must be a map, or an expression: \`\${{ … }}\`.",
            "properties": {
              "resource": {
                "type": "string",
              },
              "verb": {
                "anyOf": [
                  {
                    "enum": [
                      "get",
                      "list",
                    ],
                    "type": "string",
                  },
                  {
                    "$ref": "#/definitions/expression",
                  },
                ],
              },
            },
            "required": [
              "verb",
              "resource",
            ],
            "type": [
              "object",
              "string",
            ],
          },
          "pattern": "\\$\\{\\{",
          "patternErrorMessage": "Must be a list, or an expression: \`\${{ … }}\`.",
          "type": [
            "array",
            "string",
          ],
        },
        "token": {
          "$ref": "#/definitions/expression",
        },
      },
      "required": [
        "name",
        "namespace",
      ],
      "title": "test.service-account",
      "type": "object",
    }
  `);
});

test('with completes for the step that is used', () => {
  expect((schema.definitions as { readonly [name: string]: unknown }).cause).toMatchInlineSnapshot(`
    {
      "additionalProperties": false,
      "allOf": [
        {
          "$ref": "#/definitions/inputs",
        },
      ],
      "description": "One use of a library.",
      "properties": {
        "if": {
          "description": "An expression that is true or false: \`causes.rbac.found\`",
          "type": [
            "string",
            "boolean",
          ],
        },
        "on": {
          "anyOf": [
            {
              "$ref": "#/definitions/name",
            },
          ],
          "description": "The target; may be left out where only one fits.",
        },
        "title": {
          "description": "Why the incident happens, in one line.",
          "type": "string",
        },
        "uses": {
          "anyOf": [
            {
              "$ref": "#/definitions/checkIds",
            },
          ],
          "description": "What is used, from a library.",
        },
        "with": true,
      },
      "required": [
        "uses",
        "title",
      ],
      "type": "object",
    }
  `);
});

test('no schema takes just anything', () => {
  const holes: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    const inSchema =
      /(\/(items|additionalProperties|then|else|properties\/[^/]+|definitions\/[^/]+|anyOf\/\d+))$/.test(
        path,
      );
    if (inSchema && Object.keys(value).length === 0) holes.push(path);
    for (const [key, item] of Object.entries(value)) visit(item, `${path}/${key}`);
  };
  visit(schema, '#');
  expect(holes).toEqual([]);
});
