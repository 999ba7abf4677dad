import type * as z from 'zod';
import { definitionOf } from './zod-definition.ts';

/** What is known of a value before anything runs. */
export type Shape =
  | { readonly kind: 'dyn' | 'string' | 'int' | 'double' | 'bool' | 'secret' }
  | { readonly kind: 'list'; readonly of: Shape }
  | { readonly kind: 'map'; readonly of: Shape }
  | { readonly kind: 'object'; readonly fields: { readonly [name: string]: Shape } };

export type Shapes = ReadonlyMap<string, Shape>;

export const dyn: Shape = { kind: 'dyn' };

/** The shape of what a zod schema gives; `dyn` for whatever may be absent, null or of several types. */
export function shapeOf(schema: z.ZodType, depth = 0): Shape {
  const definition = definitionOf(schema);
  if (depth > 12) return dyn;
  switch (definition.type) {
    case 'string':
    case 'template_literal':
      return { kind: 'string' };
    case 'number':
      // A whole number of a `double` arrives as an integer in JSON; the evaluator copes, the checker need not know.
      return { kind: definition.integer ? 'int' : 'double' };
    case 'boolean':
      return { kind: 'bool' };
    case 'enum':
    case 'literal':
      return definition.values.every((value) => typeof value === 'string') ? { kind: 'string' } : dyn;
    case 'array':
      return { kind: 'list', of: shapeOf(definition.element, depth + 1) };
    case 'record':
      return { kind: 'map', of: shapeOf(definition.value, depth + 1) };
    case 'object':
      if (definition.open) return dyn;
      return {
        kind: 'object',
        fields: Object.fromEntries(
          [...definition.shape].map(([name, field]) => [name, shapeOf(field, depth + 1)]),
        ),
      };
    case 'wrapper':
      return definition.mayBeAbsent ? dyn : shapeOf(definition.inner, depth + 1);
    default:
      return dyn;
  }
}
