import type { JsonObject } from '../storage/objects.ts';

/**
 * How a value merges: the part of a schema that patches and field ownership need. Without a shape, objects merge field
 * by field and lists are replaced whole.
 */
export interface Shape {
  readonly type?: 'string' | 'integer' | 'boolean';
  readonly fields?: Readonly<Record<string, Shape>>;
  /** The shape of the values of a map, or of the items of a list. */
  readonly each?: Shape;
  /** An object or list that is owned and replaced as one. */
  readonly atomic?: true;
  /** A list of scalars without order. */
  readonly set?: true;
  /** The fields that tell a list's items apart for server-side apply. */
  readonly keys?: readonly string[];
  /** What a key field is when an item leaves it out. */
  readonly keyDefaults?: JsonObject;
  /** The field that tells items apart for strategic merge patch; the first of `keys` unless told. */
  readonly mergeKey?: string;
  /** A union: strategic merge patch drops fields not named in `$retainKeys`. */
  readonly retainKeys?: true;
  /** An object that a new, empty object of the type already holds, so that nobody owns the object itself. */
  readonly inherent?: true;
}

/** The shape of a field. */
export function shapeOfField(shape: Shape | undefined, field: string): Shape | undefined {
  return shape?.fields?.[field] ?? shape?.each;
}

/** Text. */
export const text: Shape = { type: 'string' };
/** A whole number. */
export const integer: Shape = { type: 'integer' };
/** True or false. */
export const flag: Shape = { type: 'boolean' };
/** A map of texts, such as labels. */
export const textMap: Shape = { each: text };
/** An object or list that is replaced whole. */
export const atomic: Shape = { atomic: true };
/** A list of texts without order. */
export const textSet: Shape = { set: true, each: text };

/** An object with fields. */
export function struct(fields: Readonly<Record<string, Shape>>): Shape {
  return { fields };
}

/** A field that every object of the type holds, be it empty. */
export function inherent(shape: Shape): Shape {
  return { ...shape, inherent: true };
}

/** A list whose items are told apart by keys. */
export function listBy(keys: readonly string[], each: Shape, more: Partial<Shape> = {}): Shape {
  return { keys, each, ...more };
}
