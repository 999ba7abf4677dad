import { isObject, type JsonObject } from '@claw-run/core';
import { toJSONSchema } from 'zod/v4/core';
import { caseless } from './caseless.ts';
import { anyValue, expressionRef } from './json-schema-parts.ts';

/** What we read of a zod schema. It may be of another copy of zod than ours, so nothing is asked by class. */
interface ZodSchema {
  readonly description?: string | undefined;
  readonly toJSONSchema?: (params: object) => object;
  readonly meta?: () => { readonly [key: string]: unknown } | undefined;
  readonly safeParse?: (value: unknown) => {
    readonly success: boolean;
    readonly error?: { readonly issues: readonly { readonly path: readonly unknown[] }[] };
  };
  readonly _zod: {
    readonly def: ZodCheck & {
      readonly type: string;
      readonly coerce?: boolean;
      readonly in?: ZodSchema;
      readonly items?: readonly ZodSchema[];
      readonly checks?: readonly { readonly _zod: { readonly def: ZodCheck } }[];
    };
    readonly bag?: { readonly Class?: unknown };
  };
}

interface ZodCheck {
  readonly check?: string;
  readonly pattern?: unknown;
  /** What a step's author says instead of zod's own message. */
  readonly error?: (issue: object) => unknown;
}

/**
 * What the JSON of zod does not say, as keywords of ours: `object`, whose unknown keys zod leaves out; `intersection`, whose
 * sides share their keys; `nullable`, which is no union of a step's author.
 */
export const marks = { object: 'x-object', intersection: 'x-intersection', nullable: 'x-nullable' } as const;

/** The JSON schema of a zod schema as zod makes it, with marks, and with no demand that a value could pass by unseen. */
export function zodToJson(schema: unknown): JsonObject {
  const zod = schema as ZodSchema;
  const params = {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
    override: ({ zodSchema, jsonSchema }: { zodSchema: ZodSchema; jsonSchema: Writable }) =>
      adapt(zodSchema, jsonSchema),
  };
  try {
    return byZod(zod, params);
  } catch {
    // Two schemas with one id, which zod does not put into one document: no id is needed.
    return byZod(zod, { ...params, metadata: withoutIds });
  }
}

function byZod(zod: ZodSchema, params: object): JsonObject {
  // A schema's own copy of zod knows it best.
  return (zod.toJSONSchema?.(params) ?? toJSONSchema(zod as never, params)) as JsonObject;
}

const withoutIds = {
  get: (schema: ZodSchema) => {
    const { id: _, ...rest } = schema.meta?.() ?? {};
    return rest;
  },
};

type Writable = Record<string, unknown>;

function adapt(zod: ZodSchema, json: Writable): void {
  const { type } = zod._zod.def;
  if (zod.description !== undefined) json.description ??= zod.description;
  if (isConverted(zod)) become(json, anyValue);
  else if (needsCode(zod)) become(json, expressionRef);
  else if (type === 'unknown' || type === 'any') become(json, anyValue);
  else if (type === 'object') adaptObject(zod, json);
  else if (type === 'tuple') adaptTuple(zod, json);
  else if (type === 'string') adaptString(zod, json);
  else if (type === 'intersection') json[marks.intersection] = true;
  else if (type === 'nullable') json[marks.nullable] = true;
}

/** Values that are converted before they are looked at, and those that only a function knows. */
function isConverted({ _zod: { def, bag } }: ZodSchema): boolean {
  if (def.type === 'custom') return bag?.Class === undefined || isBuiltIn(bag.Class);
  const first = def.type === 'pipe' ? def.in?._zod.def.type : def.type;
  return def.coerce === true || ['catch', 'promise', 'transform'].includes(first ?? '');
}

const objectsOnly = [
  'custom',
  'date',
  'bigint',
  'symbol',
  'undefined',
  'void',
  'nan',
  'map',
  'set',
  'file',
  'function',
];

/** Values that YAML has no words for (a secret, a date): in a runbook an expression gives them. */
function needsCode({ _zod: { def } }: ZodSchema): boolean {
  return objectsOnly.includes(def.type);
}

function isBuiltIn(type: unknown): boolean {
  return typeof type === 'function' && [{}, []].some((value) => value instanceof type);
}

function become(json: Writable, schema: JsonObject): void {
  for (const key of Object.keys(json))
    if (!['title', 'description', 'default', 'examples'].includes(key)) delete json[key];
  Object.assign(json, schema);
}

function adaptObject(zod: ZodSchema, json: Writable): void {
  // One that is another one with words of its own has but a reference.
  if (json.properties !== undefined && json.additionalProperties === undefined) json[marks.object] = true;
  if (Array.isArray(json.required)) {
    const missed = missedKeys(zod);
    json.required = json.required.filter((key) => missed.includes(key));
  }
}

/** The keys that a map without any lacks, by asking: versions of zod differ. */
function missedKeys(zod: ZodSchema): readonly unknown[] {
  try {
    return (zod.safeParse?.({}).error?.issues ?? []).map(({ path }) => path[0]);
  } catch {
    return [];
  }
}

/** How many items a list needs: up to the last one that must be there. */
function adaptTuple({ _zod: { def } }: ZodSchema, json: Writable): void {
  if (json.items === undefined) return;
  const least = (def.items ?? []).findLastIndex((item) => !mayBeAbsent(item)) + 1;
  if (least > 0) json.minItems = least;
  else delete json.minItems;
}

function mayBeAbsent(field: ZodSchema | undefined): boolean {
  try {
    return field?.safeParse?.(undefined).success === true;
  } catch {
    return true;
  }
}

/** JSON Schema knows neither flags of patterns nor the order of checks: a text may be trimmed before it is matched. */
function adaptString({ _zod: { def } }: ZodSchema, json: Writable): void {
  const checks = [def, ...(def.checks ?? []).map((check) => check._zod.def)];
  if (checks.some(({ check }) => check === 'overwrite')) become(json, { type: 'string' });
  for (const check of checks) adaptPattern(json, check);
  // Each editor has patterns of its own for formats; zod gives its pattern along with most.
  if (json.format === 'uri' && json.pattern === undefined)
    Object.assign(json, { pattern: '^\\s*[A-Za-z][A-Za-z0-9+.-]*:', patternErrorMessage: 'Must be a URL.' });
  delete json.format;
}

function adaptPattern(json: Writable, { pattern, error }: ZodCheck): void {
  if (!(pattern instanceof RegExp)) return;
  const parts = [json, ...(Array.isArray(json.allOf) ? json.allOf.filter(isObject) : [])];
  const message = ownMessage(error);
  for (const part of parts) {
    if (part.pattern !== pattern.source) continue;
    const same = caseless(pattern);
    if (same === undefined) delete part.pattern;
    else
      Object.assign(part, { pattern: same }, message === undefined ? {} : { patternErrorMessage: message });
  }
}

function ownMessage(error: ZodCheck['error']): string | undefined {
  try {
    const said = error?.({ code: 'invalid_format', input: '', path: [] });
    const text = isObject(said) ? said.message : said;
    return typeof text !== 'string' || text === ''
      ? undefined
      : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
  } catch {
    return undefined;
  }
}
