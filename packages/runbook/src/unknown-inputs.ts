import type * as z from 'zod';
import { unwrapped } from './zod-definition.ts';

/** A key that a value has and its schema does not, and the names that the schema has there. */
export interface UnknownInput {
  readonly path: string;
  readonly names: readonly string[];
}

/** The keys of a value that its schema does not have, at any depth; zod leaves them out of schemas that are not strict, in silence. */
export function unknownInputs(value: unknown, schema: z.ZodType, path = ''): readonly UnknownInput[] {
  const definition = unwrapped(schema);
  if (Array.isArray(value))
    return definition.type === 'array'
      ? value.flatMap((item, index) => unknownInputs(item, definition.element, under(path, String(index))))
      : [];
  if (!isPlain(value)) return [];
  const entries = Object.entries(value);
  switch (definition.type) {
    case 'object': {
      const names = [...definition.shape.keys()];
      return entries.flatMap(([key, item]) => {
        const field = definition.shape.get(key);
        if (field !== undefined) return unknownInputs(item, field, under(path, key));
        return definition.open ? [] : [{ path: under(path, key), names }];
      });
    }
    case 'record':
      return entries.flatMap(([key, item]) => unknownInputs(item, definition.value, under(path, key)));
    case 'union': {
      const objects = definition.options.map(unwrapped).filter((option) => option.type === 'object');
      if (objects.length !== definition.options.length || objects.some(({ open }) => open)) return [];
      const names = [...new Set(objects.flatMap(({ shape }) => [...shape.keys()]))];
      return entries.flatMap(([key]) => (names.includes(key) ? [] : [{ path: under(path, key), names }]));
    }
    default:
      return [];
  }
}

function under(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
