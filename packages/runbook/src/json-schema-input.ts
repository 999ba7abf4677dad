import { isObject, type Json, type JsonObject } from '@claw-run/core';
import { anyValue } from './json-schema-parts.ts';
import { eachSchema, keyOf, mapSchemas, refName, refTo, type Spot, splitNotes } from './json-schema-walk.ts';
import { marks, zodToJson } from './zod-to-json.ts';

/** The schema of what a step takes, and the schemas it refers to, by name. It refers to itself by `#`. */
export interface InputSchema {
  readonly root: JsonObject;
  readonly shared: { readonly [name: string]: JsonObject };
}

/** The JSON schema of what a step takes: never stricter than `compileRunbook`, and nothing in it is particular to zod. */
export function inputSchema(zod: unknown): InputSchema {
  const parts = partsOf(zodToJson(zod));
  const open = openNames(parts);
  const clean = (schema: JsonObject, name: string) => cleaned(schema, { parts, open: open.has(name) });
  const root = clean(parts.root, '#');
  const shared = Object.entries(parts.shared).map(([name, schema]) => [name, clean(schema, name)] as const);
  const free = new Set(shared.filter(([name, schema]) => takesAnything(name, schema)).map(([name]) => name));
  const settled = (schema: JsonObject): JsonObject =>
    free.has(refName(schema) ?? '') ? anyValue : tidied(mapSchemas(schema, settled));
  return {
    root: settled(root),
    shared: Object.fromEntries(
      shared.filter(([name]) => !free.has(name)).map(([name, schema]) => [name, settled(schema)]),
    ),
  };
}

/** A schema whose root has a name is one that refers to it. */
function partsOf(json: JsonObject): InputSchema {
  const { definitions, ...top } = json;
  const shared = { ...((isObject(definitions) ? definitions : {}) as InputSchema['shared']) };
  const name = refName(top);
  const root = name === undefined ? undefined : shared[name];
  if (name === undefined || root === undefined) return { root: top, shared };
  delete (shared as Record<string, JsonObject>)[name];
  const renamed = (schema: JsonObject): JsonObject =>
    refName(schema) === name ? { $ref: '#' } : mapSchemas(schema, renamed);
  return {
    root: renamed(root),
    shared: Object.fromEntries(Object.entries(shared).map(([key, schema]) => [key, renamed(schema)])),
  };
}

/** Unknown keys are told only down to here: below, zod leaves them out unseen, and so does `compileRunbook`. */
function opensBelow(schema: JsonObject, { keyword }: Spot): boolean {
  if (schema[marks.intersection] === true) return true;
  if (keyword === 'anyOf' || keyword === 'oneOf') return schema[marks.nullable] !== true;
  if (keyword === 'items') return Array.isArray(schema.items);
  if (keyword === 'additionalProperties') return schema.properties !== undefined;
  return keyword === 'additionalItems';
}

/** The names of what stands, somewhere, where unknown keys are not told. */
function openNames(parts: InputSchema): ReadonlySet<string> {
  const open = new Set<string>();
  const seen = new Set<string>();
  const visit = (schema: JsonObject, isOpen: boolean): void => {
    const name = refName(schema);
    if (name !== undefined && !seen.has(`${isOpen} ${name}`)) {
      seen.add(`${isOpen} ${name}`);
      if (isOpen) open.add(name);
      visit(targetOf(schema, parts), isOpen);
    }
    eachSchema(schema, (child, spot) => visit(child, isOpen || opensBelow(schema, spot)));
  };
  visit(parts.root, false);
  return open;
}

function targetOf(schema: JsonObject, { root, shared }: InputSchema): JsonObject {
  const name = refName(schema);
  return name === undefined ? schema : name === '#' ? root : (shared[name] ?? {});
}

interface Cleaning {
  readonly parts: InputSchema;
  readonly open: boolean;
}

function cleaned(schema: JsonObject, { parts, open }: Cleaning): JsonObject {
  const name = refName(schema);
  if (name !== undefined) {
    // In draft-07 nothing counts beside a reference; older versions of zod put descriptions there.
    const { notes } = splitNotes(schema);
    return Object.keys(notes).length === 0 ? refTo(name) : { ...notes, allOf: [refTo(name)] };
  }
  const source = schema[marks.intersection] === true ? pooled(schema, parts) : schema;
  const inside = mapSchemas(source, (child, spot) =>
    cleaned(child, { parts, open: open || opensBelow(source, spot) }),
  );
  const closed = !open && schema[marks.object] === true && schema[marks.intersection] !== true;
  const keys = open ? undefined : keysOfUnion(schema, parts);
  return tidied({
    ...inside,
    ...(closed ? { additionalProperties: false } : {}),
    ...(keys === undefined ? {} : { type: 'object', ...onlyKeys(keys) }),
  });
}

/** The sides of an intersection share their keys: none may refuse those of the other. */
function pooled(schema: JsonObject, parts: InputSchema): JsonObject {
  if (!Array.isArray(schema.allOf)) return schema;
  const sides = schema.allOf.map((side: JsonObject) => {
    const { additionalProperties, ...rest } = targetOf(side, parts);
    return additionalProperties === false || additionalProperties === undefined
      ? rest
      : { ...rest, additionalProperties };
  });
  return { ...schema, allOf: sides };
}

/** The keys of a union of maps; nothing where one of them takes others too, or where each refuses others by itself. */
function keysOfUnion(schema: JsonObject, parts: InputSchema): readonly string[] | undefined {
  const options = schema.anyOf ?? schema.oneOf;
  if (!Array.isArray(options) || schema[marks.nullable] === true) return undefined;
  const maps = options.map((option: JsonObject) => targetOf(option, parts));
  const known = maps.every((map) => map[marks.object] === true || isStrict(map));
  if (!known || maps.every(isStrict)) return undefined;
  return [...new Set(maps.flatMap((map) => Object.keys((map.properties ?? {}) as JsonObject)))];
}

function onlyKeys(keys: readonly string[]): JsonObject {
  return keys.length === 0 ? { maxProperties: 0 } : { propertyNames: { enum: keys } };
}

function isStrict(schema: JsonObject): boolean {
  return isObject(schema.properties) && schema.additionalProperties === false;
}

const keywords = new Set(
  [
    '$ref type enum const title description default examples properties required additionalProperties propertyNames',
    'patternProperties items additionalItems minItems maxItems uniqueItems minProperties maxProperties anyOf allOf not',
    'pattern patternErrorMessage minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum multipleOf',
  ].flatMap((line) => line.split(' ')),
);

/** The same demands in fewer words, in words of draft-07 only. */
function tidied(schema: JsonObject): JsonObject {
  // An expression may make two alternatives fit, so `oneOf` is too much.
  const { oneOf, ...rest } = schema;
  const all = oneOf === undefined ? rest : { ...rest, anyOf: oneOf };
  const kept = Object.fromEntries(
    Object.entries(all).filter(
      ([key, value]) => keywords.has(key) && value !== undefined && !saysNothing(key, value),
    ),
  );
  return fewerTypes(flatAlternatives(singleAllOf(namedKeys(kept))));
}

function saysNothing(key: string, value: Json): boolean {
  if (key === 'minimum') return value === Number.MIN_SAFE_INTEGER;
  if (key === 'maximum') return value === Number.MAX_SAFE_INTEGER;
  if (key === 'required') return Array.isArray(value) && value.length === 0;
  // Keys are strings, of which some are numerals.
  if (key === 'propertyNames') return isObject(value) && Object.keys(value).every((part) => part === 'type');
  if (key === 'additionalProperties' || key === 'additionalItems')
    return isObject(value) && Object.keys(value).length === 0;
  return false;
}

/** A map of a few known keys has them as properties, which editors complete. */
function namedKeys(schema: JsonObject): JsonObject {
  const { propertyNames, additionalProperties: value, ...rest } = schema;
  const keys = isObject(propertyNames) ? propertyNames.enum : undefined;
  if (!Array.isArray(keys) || !isObject(value) || rest.properties !== undefined) return schema;
  const properties = Object.fromEntries(keys.map((key) => [String(key), value as Json]));
  return { ...rest, properties, additionalProperties: false };
}

function singleAllOf(schema: JsonObject): JsonObject {
  const { allOf, ...rest } = schema;
  const [only, second] = Array.isArray(allOf) ? (allOf as readonly JsonObject[]) : [];
  if (only === undefined || second !== undefined) return schema;
  if (refName(only) !== undefined) return Object.keys(rest).length === 0 ? only : schema;
  return Object.keys(rest).some((key) => only[key] !== undefined) ? schema : { ...rest, ...only };
}

function flatAlternatives(schema: JsonObject): JsonObject {
  if (!Array.isArray(schema.anyOf)) return schema;
  const options = (schema.anyOf as readonly JsonObject[]).flatMap((option) =>
    Array.isArray(option.anyOf) && Object.keys(option).length === 1
      ? (option.anyOf as readonly JsonObject[])
      : [option],
  );
  const different = [...new Map(options.map((option) => [keyOf(option), option])).values()];
  const { anyOf: _, ...rest } = schema;
  const [only] = different;
  if (
    different.length === 1 &&
    only !== undefined &&
    Object.keys(rest).every((key) => only[key] === undefined)
  )
    return { ...only, ...rest };
  return { ...rest, anyOf: different };
}

/** `{ type: [a, b] }` for alternatives that are types and nothing else. */
function fewerTypes(schema: JsonObject): JsonObject {
  const { anyOf, ...rest } = schema;
  if (!Array.isArray(anyOf) || rest.type !== undefined) return schema;
  const types = anyOf.map((option: JsonObject) =>
    Object.keys(option).join() === 'type' ? option.type : undefined,
  );
  return types.includes(undefined) ? schema : { ...rest, type: [...new Set(types.flat())] as Json[] };
}

/** A schema of JSON by itself, such as `z.json()`: every scalar, lists of itself and maps of itself. */
function takesAnything(name: string, schema: JsonObject): boolean {
  const { anyOf = [schema], description: _, ...rest } = schema;
  if (!Array.isArray(anyOf) || (schema.anyOf !== undefined && Object.keys(rest).length > 0)) return false;
  const taken = anyOf.flatMap(({ type, ...demands }: JsonObject) => {
    const below = Object.values(demands);
    const itself = below.length === 1 && isObject(below[0]) && refName(below[0] as JsonObject) === name;
    const nested = (type === 'array' && demands.items) || (type === 'object' && demands.additionalProperties);
    return below.length === 0 || (nested && itself) ? [type].flat() : [];
  });
  return ['string', 'number', 'boolean', 'null', 'array', 'object'].every((type) => taken.includes(type));
}
