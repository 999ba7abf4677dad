import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { root } from '../../support/programs.ts';

/** Keywords for editors: they demand nothing. */
const editorKeywords = ['defaultSnippets', 'patternErrorMessage'];

export interface Schema {
  readonly definitions: { readonly [name: string]: object };
}

/** The schema that is in the repository, as text and as JSON. */
export async function shippedSchema(): Promise<{ readonly text: string; readonly schema: Schema }> {
  const text = await readFile(join(root, 'schema/runbook.schema.json'), 'utf8');
  return { text, schema: JSON.parse(text) };
}

/** Checks values against a schema of runbooks, strictly: an unknown keyword or a reference to nothing is an error. */
export function validatorOf(schema: object): {
  readonly whole: ValidateFunction;
  readonly definition: (name: string) => ValidateFunction;
} {
  // A value or an expression has two types on purpose; a list such as the words of a command has a first item and then any number.
  const ajv = new Ajv({ strict: true, allowUnionTypes: true, strictTuples: false, allErrors: true });
  for (const keyword of editorKeywords) ajv.addKeyword(keyword);
  ajv.addSchema(schema, 'runbook');
  const get = (name: string): ValidateFunction => {
    const validate = ajv.getSchema(name);
    if (validate === undefined) throw new Error(`the schema has no ${name}`);
    return validate;
  };
  return { whole: get('runbook'), definition: (name) => get(`runbook#/definitions/${name}`) };
}

/** What ajv has against a value, a line each: where, and what. */
export function faultsOf(validate: ValidateFunction, value: unknown): readonly string[] {
  return validate(value) ? [] : [...new Set((validate.errors ?? []).map(inWords))];
}

function inWords({ instancePath, keyword, params, message }: ErrorObject): string {
  const what = {
    additionalProperties: `has no ${params.additionalProperty}`,
    required: `needs ${params.missingProperty}`,
    const: `is not ${params.allowedValue}`,
  }[keyword];
  return `${instancePath.slice(1).replaceAll('/', '.') || 'the file'}: ${what ?? message}`;
}
