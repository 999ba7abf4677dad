import type * as z from 'zod';

/** What we need to know of a zod schema, read from its definition (`_zod.def`, zod's documented way for tools). */
export type ZodDefinition =
  | { readonly type: 'string' | 'template_literal' | 'boolean' | 'null' | 'unknown' | 'other' }
  | { readonly type: 'number'; readonly integer: boolean }
  | { readonly type: 'enum' | 'literal'; readonly values: readonly unknown[] }
  | { readonly type: 'array'; readonly element: z.ZodType }
  | { readonly type: 'record'; readonly value: z.ZodType }
  | { readonly type: 'union'; readonly options: readonly z.ZodType[]; readonly discriminator?: string }
  | {
      readonly type: 'object';
      readonly shape: ReadonlyMap<string, z.ZodType>;
      /** Takes keys beyond its own. */
      readonly open: boolean;
    }
  | { readonly type: 'wrapper'; readonly inner: z.ZodType; readonly mayBeAbsent: boolean };

interface Raw {
  readonly type: string;
  readonly coerce?: boolean;
  readonly format?: string;
  readonly checks?: readonly { readonly _zod: { readonly def: { readonly format?: string } } }[];
  readonly entries?: { readonly [key: string]: unknown };
  readonly values?: readonly unknown[];
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly discriminator?: string;
  readonly shape?: { readonly [key: string]: z.ZodType };
  readonly catchall?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly getter?: () => z.ZodType;
}

/** Reads the definition of a schema, as far as the input is concerned. */
export function definitionOf(schema: z.ZodType): ZodDefinition {
  const raw = (schema as unknown as { readonly _zod: { readonly def: Raw } })._zod.def;
  if (raw.coerce === true) return { type: 'other' };
  switch (raw.type) {
    case 'string':
    case 'template_literal':
    case 'boolean':
    case 'null':
    case 'unknown':
      return { type: raw.type };
    case 'any':
      return { type: 'unknown' };
    case 'number':
    case 'int':
      return { type: 'number', integer: isInteger(raw) };
    case 'enum':
      return { type: 'enum', values: Object.values(raw.entries ?? {}) };
    case 'literal':
      return { type: 'literal', values: raw.values ?? [] };
    case 'array':
      return raw.element === undefined ? { type: 'other' } : { type: 'array', element: raw.element };
    case 'record':
      return raw.valueType === undefined ? { type: 'other' } : { type: 'record', value: raw.valueType };
    case 'union':
      return {
        type: 'union',
        options: raw.options ?? [],
        ...(raw.discriminator === undefined ? {} : { discriminator: raw.discriminator }),
      };
    case 'object':
      return { type: 'object', shape: new Map(Object.entries(raw.shape ?? {})), open: isOpen(raw.catchall) };
    case 'optional':
    case 'nullable':
    case 'nonoptional':
    case 'default':
    case 'prefault':
    case 'catch':
    case 'readonly':
      return wrapper(raw.innerType, raw.type === 'optional' || raw.type === 'nullable');
    case 'pipe':
      return raw.in === undefined || definitionTypeOf(raw.in) === 'transform'
        ? { type: 'other' }
        : wrapper(raw.in, false);
    case 'lazy':
      return wrapper(raw.getter?.(), false);
    default:
      return { type: 'other' };
  }
}

function wrapper(inner: z.ZodType | undefined, mayBeAbsent: boolean): ZodDefinition {
  return inner === undefined ? { type: 'other' } : { type: 'wrapper', inner, mayBeAbsent };
}

function definitionTypeOf(schema: z.ZodType): string {
  return (schema as unknown as { readonly _zod: { readonly def: Raw } })._zod.def.type;
}

function isInteger(raw: Raw): boolean {
  const formats = [raw.format, ...(raw.checks ?? []).map((check) => check._zod.def.format)];
  return formats.some((format) => format !== undefined && /int/.test(format));
}

function isOpen(catchall: z.ZodType | undefined): boolean {
  return catchall !== undefined && definitionTypeOf(catchall) !== 'never';
}

/** The schema below its wrappers (optional, default, …). */
export function unwrapped(schema: z.ZodType): ZodDefinition {
  let definition = definitionOf(schema);
  for (let depth = 0; definition.type === 'wrapper' && depth < 20; depth++)
    definition = definitionOf(definition.inner);
  return definition;
}
