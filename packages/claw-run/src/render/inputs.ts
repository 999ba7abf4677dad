import { isObject } from '@claw-run/core';
import { plain, wrap } from './style.ts';

type Schema = { readonly [key: string]: unknown };

/** The inputs of a step from the JSON schema of its input, one a line, nested ones indented. */
export function inputLines(schema: unknown, width: number, depth = 0): readonly string[] {
  if (!isObject(schema)) return [];
  const variants = variantsOf(schema).filter((each) => inputLines(each, width, depth).length > 0);
  if (variants.length > 0) {
    return variants.flatMap((variant, index) => [
      ...(index === 0 ? [] : [`${'  '.repeat(depth)}or`]),
      ...inputLines(variant, width, depth),
    ]);
  }
  const required = Array.isArray(schema.required) ? schema.required : [];
  const properties = isObject(schema.properties) ? schema.properties : {};
  return Object.entries(properties).flatMap(([name, property]) => {
    if (!isObject(property)) return [];
    const must = required.includes(name) ? ', required' : '';
    const about = typeof property.description === 'string' ? ` — ${plain(property.description)}` : '';
    const given = property.default === undefined ? '' : `, default ${JSON.stringify(property.default)}`;
    const indent = '  '.repeat(depth);
    const line = wrap(
      `${indent}${name}: ${typeOf(property)}${must}${given}${about}`,
      width,
      indent.length + 4,
    );
    const inner = property.type === 'array' ? property.items : property;
    return [line, ...inputLines(inner, width, depth + 1)];
  });
}

function typeOf(schema: Schema): string {
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === 'array') return `list of ${isObject(schema.items) ? typeOf(schema.items) : 'anything'}`;
  if (schema.type === 'object') return isObject(schema.properties) ? 'map' : 'map of names to values';
  const variants = variantsOf(schema);
  if (variants.length > 0)
    return variants.map((each) => (isObject(each) ? typeOf(each) : 'anything')).join(' or ');
  return typeof schema.type === 'string' ? schema.type : 'anything';
}

function variantsOf(schema: Schema): readonly unknown[] {
  return [schema.anyOf, schema.oneOf].flatMap((each) => (Array.isArray(each) ? each : []));
}
