import type { Json, JsonObject } from '@claw-run/core';
import { expressionPattern, expressionRef } from './json-schema-parts.ts';
import { keyOf, mapSchemas, splitNotes } from './json-schema-walk.ts';

/** A schema in which every value may be an expression instead; the outermost one, `with` itself, may not. */
export function expressionOr(schema: JsonObject, outermost = false): JsonObject {
  const inside = mapSchemas(schema, (child, { keyword }) => {
    if (keyword === 'propertyNames' || keyword === 'not') return child;
    // One wrapping is enough: the alternatives are of the same value.
    return expressionOr(child, keyword === 'anyOf' || keyword === 'allOf');
  });
  if (outermost) return withoutWords(inside);
  const { notes, core } = splitNotes(inside);
  return { ...notes, ...orExpression(core) };
}

function orExpression(core: JsonObject): JsonObject {
  if (takesAnyText(core)) return withoutWords(core);
  if (keyOf(core) === keyOf(expressionRef)) return core;
  const types = typesOf(core);
  // What is demanded of a text says nothing of other types, so one schema is enough for both.
  if (types.length > 0 && !types.includes('string') && narrowing.every((key) => core[key] === undefined)) {
    return {
      ...core,
      type: [...types, 'string'],
      pattern: expressionPattern,
      patternErrorMessage: `Must be ${types.map(inWords).join(' or ')}, or an expression: \`\${{ … }}\`.`,
    };
  }
  const { anyOf, allOf, ...rest } = core;
  const alone = Object.keys(rest).length === 0;
  const single = alone && Array.isArray(allOf) && allOf.length === 1 ? allOf : [core];
  const alternatives = alone && Array.isArray(anyOf) && allOf === undefined ? anyOf : single;
  return { anyOf: [...new Map([...alternatives, expressionRef].map((one) => [keyOf(one), one])).values()] };
}

const narrowing = ['enum', 'const', 'anyOf', 'allOf', 'not', '$ref'];
const demands = [...narrowing, 'pattern', 'minLength', 'maxLength'];

function typesOf({ type }: JsonObject): readonly Json[] {
  return type === undefined ? [] : [type].flat();
}

function takesAnyText(core: JsonObject): boolean {
  if (core.type === undefined && Array.isArray(core.anyOf))
    return core.anyOf.some((option: JsonObject) => takesAnyText(splitNotes(option).core));
  return typesOf(core).includes('string') && demands.every((key) => core[key] === undefined);
}

/** Expressions are texts, and so is the empty one: where any text is taken, they need no words of their own. */
function withoutWords(schema: JsonObject): JsonObject {
  if (!Array.isArray(schema.anyOf) || !takesAnyText(splitNotes(schema).core)) return schema;
  const options = schema.anyOf.filter(
    (option: JsonObject) => keyOf(option) !== keyOf(expressionRef) && option.const !== '',
  );
  const [only] = options;
  const { anyOf: _, ...rest } = schema;
  if (options.length === 1) return { ...rest, ...(only as JsonObject) };
  const types = options.map((option: JsonObject) =>
    Object.keys(option).join() === 'type' ? option.type : undefined,
  );
  if (types.includes(undefined)) return { ...rest, anyOf: options };
  return { ...rest, type: [...new Set(types.flat())] as Json[] };
}

const words: { readonly [type: string]: string } = {
  integer: 'an integer',
  number: 'a number',
  boolean: '`true` or `false`',
  array: 'a list',
  object: 'a map',
  null: 'nothing',
};

function inWords(type: Json): string {
  return words[String(type)] ?? String(type);
}
