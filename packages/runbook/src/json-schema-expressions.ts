import { isObject, type Json, type JsonObject } from '@claw-run/core';

const inText = { $ref: '#/definitions/expression' };
const annotations = ['title', 'description', 'default', 'examples'];

/** A schema in which every value may be an expression instead; the outermost one, `with` itself, may not. */
export function expressionOr(schema: Json, outermost = false): Json {
  if (!isObject(schema)) return schema;
  const inside = mapSchemas(schema as JsonObject);
  if (outermost || takesAnyText(inside)) return inside;
  const outside = Object.fromEntries(
    annotations.flatMap((key) => (inside[key] === undefined ? [] : [[key, inside[key]]])),
  );
  const rest = Object.fromEntries(Object.entries(inside).filter(([key]) => !annotations.includes(key)));
  const alternatives = onlyAnyOf(rest) ?? [rest];
  return { ...outside, anyOf: [...alternatives, inText] };
}

function mapSchemas(schema: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      if (value === undefined) return [key, value];
      if (key === 'properties' || key === 'patternProperties') return [key, mapValues(value)];
      if (key === 'items' && Array.isArray(value))
        return [key, value.map((item: Json) => expressionOr(item))];
      if (key === 'items' || key === 'additionalProperties' || key === 'additionalItems')
        return [key, expressionOr(value)];
      // One wrapping is enough: the alternatives are of the same value.
      if ((key === 'anyOf' || key === 'oneOf' || key === 'allOf') && Array.isArray(value)) {
        return [key, value.map((item: Json) => expressionOr(item, true))];
      }
      return [key, value];
    }),
  );
}

function mapValues(value: Json): Json {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expressionOr(item as Json)]));
}

function takesAnyText(schema: JsonObject): boolean {
  if (typeof schema.pattern === 'string' && schema.pattern.startsWith('^\\$\\{\\{')) return true;
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  const free = ['enum', 'const', 'pattern', 'format', 'minLength', 'maxLength', 'anyOf', 'oneOf', 'allOf'];
  return types.includes('string') && free.every((key) => schema[key] === undefined);
}

function onlyAnyOf(schema: JsonObject): readonly Json[] | undefined {
  const keys = Object.keys(schema);
  return keys.length === 1 && Array.isArray(schema.anyOf) ? schema.anyOf : undefined;
}
