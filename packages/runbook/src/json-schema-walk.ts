import { isObject, type Json, type JsonObject } from '@claw-run/core';

const single = [
  'additionalProperties',
  'additionalItems',
  'items',
  'propertyNames',
  'if',
  'then',
  'else',
  'not',
];
const lists = ['anyOf', 'oneOf', 'allOf', 'items'];
const maps = ['properties', 'patternProperties', 'definitions'];

export const annotations = ['title', 'description', 'default', 'examples', 'defaultSnippets'];

/** Where a schema stands in another one: the keyword, and the name of the property where it has one. */
export interface Spot {
  readonly keyword: string;
  readonly name?: string;
}

/** The schema with each schema right below it replaced; what is no schema (a default, an enum) stays. */
export function mapSchemas(schema: JsonObject, change: (child: JsonObject, spot: Spot) => Json): JsonObject {
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      if (lists.includes(keyword) && Array.isArray(value))
        return [
          keyword,
          value.map((item: Json) => (isObject(item) ? change(item as JsonObject, { keyword }) : item)),
        ];
      if (!isObject(value)) return [keyword, value];
      if (single.includes(keyword)) return [keyword, change(value as JsonObject, { keyword })];
      if (!maps.includes(keyword)) return [keyword, value];
      const entries = Object.entries(value as JsonObject).map(([name, item]) => [
        name,
        isObject(item) ? change(item as JsonObject, { keyword, name }) : item,
      ]);
      return [keyword, Object.fromEntries(entries)];
    }),
  );
}

/** Visits each schema right below a schema. */
export function eachSchema(schema: JsonObject, visit: (child: JsonObject, spot: Spot) => void): void {
  mapSchemas(schema, (child, spot) => {
    visit(child, spot);
    return child;
  });
}

/** Splits a schema into what it says to people and what it demands. */
export function splitNotes(schema: JsonObject): { readonly notes: JsonObject; readonly core: JsonObject } {
  const entries = Object.entries(schema).filter(([, value]) => value !== undefined);
  return {
    notes: Object.fromEntries(entries.filter(([key]) => annotations.includes(key))),
    core: Object.fromEntries(entries.filter(([key]) => !annotations.includes(key))),
  };
}

/** The name in `#/definitions/NAME`; `#` for the whole schema itself. */
export function refName({ $ref }: JsonObject): string | undefined {
  return typeof $ref !== 'string' ? undefined : $ref === '#' ? '#' : unescaped($ref.slice(prefix.length));
}

export function refTo(name: string): JsonObject {
  return name === '#' ? { $ref: '#' } : { $ref: prefix + name.replaceAll('~', '~0').replaceAll('/', '~1') };
}

const prefix = '#/definitions/';

function unescaped(text: string): string {
  return text.replaceAll('~1', '/').replaceAll('~0', '~');
}

/** Text by which equal schemas are found: the order of keys does not count. */
export function keyOf(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map((item: Json) => keyOf(item)).join()}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? '';
  const entries = Object.entries(value as JsonObject).filter(([, item]) => item !== undefined);
  return `{${entries
    .map(([key, item]) => `${JSON.stringify(key)}:${keyOf(item)}`)
    .toSorted()
    .join()}}`;
}
