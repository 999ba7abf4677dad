import type { JsonObject } from '@claw-run/core';
import { nameOfSchema, type SchemaUse } from './json-schema-names.ts';
import { noted } from './json-schema-parts.ts';
import { eachSchema, keyOf, mapSchemas, refName, refTo, splitNotes } from './json-schema-walk.ts';

export interface Schemas {
  readonly [name: string]: JsonObject;
}

interface Options {
  /** The inputs of each step, by its id. */
  readonly steps: Schemas;
  /** Definitions that there are anyway. */
  readonly shared: Schemas;
  /** Names that have another meaning. */
  readonly taken: readonly string[];
}

/** What a definition of its own must save, in lines, to be worth a look at another place. */
const worthwhile = 6;

/**
 * Gives what occurs often in the inputs of steps a definition of its own: first schemas with all that they say to people, then
 * what they demand, so that each use keeps its own words.
 */
export function shareSchemas({ steps, shared, taken }: Options): Schemas {
  const names = new Set([...taken, ...Object.keys(steps), ...Object.keys(shared)]);
  const core = (schema: JsonObject) => splitNotes(schema).core;
  const withNotes = (schema: JsonObject) => (keyOf(core(schema)) === keyOf(schema) ? undefined : schema);
  const all = { ...steps, ...shared };
  const whole = extract(all, { unit: withNotes, cost: 3, names, usesOf: usesIn(all) });
  const kept = [...Object.keys(all)];
  return inlineSingles(extract(whole, { unit: core, cost: 5, names, usesOf: usesIn(whole) }), kept);
}

/** What came to be used once, because all around it is shared, goes back to where it is used. */
function inlineSingles(schemas: Schemas, kept: readonly string[]): Schemas {
  const counts = new Map<string, number>();
  const count = (schema: JsonObject): void => {
    const name = refName(schema);
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
    eachSchema(schema, count);
  };
  for (const schema of Object.values(schemas)) count(schema);
  const single = (schema: JsonObject | undefined): JsonObject | undefined => {
    const name = schema === undefined ? undefined : refName(schema);
    return name === undefined || kept.includes(name) || counts.get(name) !== 1 ? undefined : schemas[name];
  };
  const inlined = (schema: JsonObject): JsonObject => {
    const { notes, core } = splitNotes(schema);
    const [only, ...more] = Array.isArray(core.anyOf) ? (core.anyOf as readonly JsonObject[]) : [];
    const body =
      single(schema) ?? (more.length === 0 && Object.keys(core).length === 1 ? single(only) : undefined);
    return mapSchemas(body === undefined ? schema : { ...notes, ...body }, inlined);
  };
  const entries = Object.entries(schemas).filter(([name]) => single(refTo(name)) === undefined);
  return Object.fromEntries(entries.map(([name, schema]) => [name, inlined(schema)]));
}

interface Extraction {
  /** The part of a schema that may be shared. */
  readonly unit: (schema: JsonObject) => JsonObject | undefined;
  /** Lines of a reference. */
  readonly cost: number;
  readonly names: Set<string>;
  readonly usesOf: (schema: JsonObject) => readonly SchemaUse[];
}

function extract(schemas: Schemas, { unit, cost, names, usesOf }: Extraction): Schemas {
  const chosen = new Map<string, string>();
  const added: Record<string, JsonObject> = {};
  // What is a definition already is used as it is.
  for (const [name, schema] of Object.entries(schemas))
    if (!isStep(name) && keyOf(unit(schema)) === keyOf(schema)) chosen.set(keyOf(schema), name);
  for (const [key, { schema, count }] of countsOf(schemas, unit)) {
    const lines = linesOf(schema);
    if (chosen.has(key) || count < 2 || count * (lines - cost) - lines < worthwhile) continue;
    const name = nameOfSchema(schema, usesOf(schema), names);
    names.add(name);
    chosen.set(key, name);
    added[name] = schema;
  }
  const body = (schema: JsonObject): JsonObject => mapSchemas(schema, referring);
  const referring = (schema: JsonObject): JsonObject => {
    const name = chosen.get(keyOf(unit(schema)));
    if (name === undefined) return body(schema);
    const notes = keyOf(unit(schema)) === keyOf(schema) ? {} : splitNotes(schema).notes;
    return Object.keys(notes).length > 0 ? noted(notes, name) : refTo(name);
  };
  const entries = Object.entries({ ...schemas, ...added }).map(([name, schema]) => {
    // A definition may be another one with words of its own.
    const isItself = isStep(name) || chosen.get(keyOf(unit(schema))) === name;
    return [name, isItself ? body(schema) : referring(schema)] as const;
  });
  return Object.fromEntries(entries);
}

interface Count {
  readonly schema: JsonObject;
  count: number;
}

/** How often each schema occurs; what is inside of one that occurs twice counts once. */
function countsOf(schemas: Schemas, unit: Extraction['unit']): ReadonlyMap<string, Count> {
  const found = new Map<string, Count>();
  const visit = (schema: JsonObject): void => {
    if (refName(schema) !== undefined) return;
    const shared = unit(schema);
    const key = shared === undefined ? '' : keyOf(shared);
    const known = found.get(key);
    if (known !== undefined) known.count++;
    else {
      if (shared !== undefined) found.set(key, { schema: shared, count: 1 });
      eachSchema(schema, visit);
    }
  };
  for (const [name, schema] of Object.entries(schemas)) {
    if (isStep(name)) eachSchema(schema, visit);
    else visit(schema);
  }
  return found;
}

/** Where in the inputs of steps a schema is used, through definitions too. */
function usesIn(definitions: Schemas): (schema: JsonObject) => readonly SchemaUse[] {
  const uses = new Map<string, SchemaUse[]>();
  const visit = (schema: JsonObject, use: SchemaUse, inside: readonly string[]): void => {
    const name = refName(schema);
    const target = name === undefined ? undefined : definitions[name];
    if (name !== undefined && target !== undefined && !inside.includes(name))
      visit(target, use, [...inside, name]);
    for (const key of new Set([keyOf(schema), keyOf(splitNotes(schema).core)])) {
      const known = uses.get(key);
      if (known === undefined) uses.set(key, [use]);
      else known.push(use);
    }
    below(schema, use, inside);
  };
  const below = (schema: JsonObject, use: SchemaUse, inside: readonly string[]): void =>
    eachSchema(schema, (child, { keyword, name }) => {
      const suffix =
        { items: ' item', additionalProperties: ' value', propertyNames: ' name' }[keyword] ?? '';
      visit(child, { ...use, input: name ?? use.input + suffix }, inside);
    });
  for (const [name, schema] of Object.entries(definitions))
    if (isStep(name)) below(schema, { step: name, input: 'input' }, []);
  return (schema) => uses.get(keyOf(schema)) ?? [];
}

function isStep(name: string): boolean {
  return name.includes('.');
}

function linesOf(schema: JsonObject): number {
  return JSON.stringify(schema, undefined, 1).split('\n').length;
}
