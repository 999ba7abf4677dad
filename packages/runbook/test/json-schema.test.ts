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
          "anyOf": [
            {
              "type": "boolean",
            },
            {
              "$ref": "#/definitions/expression",
            },
          ],
        },
        "labels": {
          "anyOf": [
            {
              "additionalProperties": {
                "type": "string",
              },
              "propertyNames": {
                "type": "string",
              },
              "type": "object",
            },
            {
              "$ref": "#/definitions/expression",
            },
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
          "anyOf": [
            {
              "maximum": 9007199254740991,
              "minimum": 0,
              "type": "integer",
            },
            {
              "$ref": "#/definitions/expression",
            },
          ],
        },
        "rules": {
          "anyOf": [
            {
              "items": {
                "anyOf": [
                  {
                    "additionalProperties": false,
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
                    "type": "object",
                  },
                  {
                    "$ref": "#/definitions/expression",
                  },
                ],
              },
              "type": "array",
            },
            {
              "$ref": "#/definitions/expression",
            },
          ],
          "default": [],
        },
        "token": {
          "pattern": "^\\$\\{\\{[^}]*\\}\\}$",
          "type": "string",
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
          "if": {
            "properties": {
              "uses": {
                "const": "test.can-i",
              },
            },
            "required": [
              "uses",
            ],
          },
          "then": {
            "properties": {
              "with": {
                "$ref": "#/definitions/test.can-i",
              },
            },
            "required": [
              "with",
            ],
          },
        },
        {
          "if": {
            "properties": {
              "uses": {
                "const": "test.command-works",
              },
            },
            "required": [
              "uses",
            ],
          },
          "then": {
            "properties": {
              "with": {
                "$ref": "#/definitions/test.command-works",
              },
            },
            "required": [
              "with",
            ],
          },
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
        "name": {
          "description": "How a person calls it.",
          "type": "string",
        },
        "on": {
          "allOf": [
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
          "description": "What is used, from a library.",
          "enum": [
            "test.can-i",
            "test.command-works",
          ],
          "enumDescriptions": [
            "An account may do something",
            "A command ends well",
          ],
          "markdownEnumDescriptions": [
            "An account may do something",
            "A command ends well",
          ],
        },
        "with": {
          "type": "object",
        },
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
