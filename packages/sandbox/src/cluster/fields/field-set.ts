/// <reference lib="esnext.collection" />
import { isObject, type JsonObject, same } from '../storage/objects.ts';
import { type Shape, shapeOfField } from './shape.ts';

/**
 * Fields of an object, each as its path. A path is written as JSON: a list of elements as in FieldsV1
 * (`f:NAME`, `k:{"key":"value"}`, `v:VALUE`), so that sets of fields are plain sets of texts.
 */
export type FieldSet = ReadonlySet<string>;

type Path = readonly string[];

/** The fields that an applied configuration names: its leaves, its list items and the entries of its maps. */
export function fieldsOf(value: unknown, shape: Shape | undefined): FieldSet {
  const found = new Set<string>();
  visit(value, shape, [], found);
  return found;
}

function visit(value: unknown, shape: Shape | undefined, path: Path, found: Set<string>): void {
  const children = childrenOf(value, shape);
  if (children === undefined || children.size === 0) {
    if (path.length > 0) found.add(JSON.stringify(path));
    return;
  }
  for (const [element, child] of children) {
    if (!element.startsWith('f:')) found.add(JSON.stringify([...path, element]));
    visit(child.value, child.shape, [...path, element], found);
  }
}

interface Child {
  readonly value: unknown;
  readonly shape: Shape | undefined;
}

/** The parts of a value that can have owners of their own, or undefined when it is owned as one. */
export function childrenOf(value: unknown, shape: Shape | undefined): ReadonlyMap<string, Child> | undefined {
  if (shape?.atomic === true) return undefined;
  if (isObject(value)) {
    return new Map(
      Object.entries(value)
        .filter(([, item]) => item !== null)
        .map(([key, item]) => [`f:${key}`, { value: item, shape: shapeOfField(shape, key) }]),
    );
  }
  if (!Array.isArray(value)) return undefined;
  if (shape?.set === true)
    return new Map(value.map((item) => [`v:${JSON.stringify(item)}`, { value: item, shape: shape.each }]));
  const keys = shape?.keys;
  if (keys === undefined) return undefined;
  return new Map(
    value.map((item) => [itemElement(item, keys, shape?.keyDefaults), { value: item, shape: shape?.each }]),
  );
}

/** `k:{"containerPort":80,"protocol":"TCP"}`: the path element of a list's item. */
export function itemElement(item: unknown, keys: readonly string[], defaults: JsonObject = {}): string {
  const of: JsonObject = isObject(item) ? item : {};
  const pairs = [...keys].sort().map((key) => [key, of[key] ?? defaults[key]] as const);
  return `k:${JSON.stringify(Object.fromEntries(pairs.filter(([, value]) => value !== undefined)))}`;
}

/** What differs between two objects. */
export interface Comparison {
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

/** The fields that were added or changed, and those that went. */
export function compareFields(before: unknown, after: unknown, shape: Shape | undefined): Comparison {
  const changed = new Set<string>();
  const removed = new Set<string>();
  compareAt(before, after, shape, [], { changed, removed });
  return { changed, removed };
}

function compareAt(
  before: unknown,
  after: unknown,
  shape: Shape | undefined,
  path: Path,
  into: { changed: Set<string>; removed: Set<string> },
): void {
  const old = before === undefined ? undefined : childrenOf(before, shape);
  const now = after === undefined ? undefined : childrenOf(after, shape);
  const here = JSON.stringify(path);
  if (path.length > 0 && before === undefined && !(shape?.inherent === true && (now?.size ?? 0) > 0))
    into.changed.add(here);
  if (path.length > 0 && after === undefined) into.removed.add(here);
  if ((old === undefined || now === undefined) && before !== undefined && after !== undefined) {
    if (!same(before, after)) into.changed.add(here);
    return;
  }
  for (const element of new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])) {
    const one = old?.get(element);
    const other = now?.get(element);
    compareAt(one?.value, other?.value, other?.shape ?? one?.shape, [...path, element], into);
  }
}

/** The set's paths as the API server lists them: at each level the fields themselves, then what is below others. */
export function inOrder(set: FieldSet): readonly string[] {
  const parsed = [...set].map((text) => ({ text, path: JSON.parse(text) as string[] }));
  return parsed.sort((a, b) => comparePaths(a.path, b.path)).map(({ text }) => text);
}

function comparePaths(a: Path, b: Path): number {
  const at = a.findIndex((element, index) => element !== b[index]);
  if (at < 0 || at >= b.length) return a.length - b.length;
  const [leafA, leafB] = [at === a.length - 1, at === b.length - 1];
  if (leafA !== leafB) return leafA ? -1 : 1;
  return (a[at] ?? '') < (b[at] ?? '') ? -1 : 1;
}

/** The set in the format of `fieldsV1`. */
export function toFieldsV1(set: FieldSet): JsonObject {
  const root: JsonObject = {};
  for (const path of [...set]
    .map((text) => JSON.parse(text) as string[])
    .sort((a, b) => a.length - b.length)) {
    let at = root;
    for (const element of path) {
      const present = at[element];
      const next: JsonObject = isObject(present) ? present : {};
      at[element] = next;
      at = next;
    }
    at['.'] = {};
  }
  return withoutLeafDots(root);
}

function withoutLeafDots(node: JsonObject): JsonObject {
  const entries = Object.entries(node).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 1 && entries[0]?.[0] === '.') return {};
  return Object.fromEntries(
    entries.map(([key, child]) => [key, key === '.' ? {} : withoutLeafDots(child as JsonObject)]),
  );
}

/** Reads `fieldsV1`. */
export function fromFieldsV1(fields: JsonObject): FieldSet {
  const set = new Set<string>();
  const walk = (node: JsonObject, path: Path): void => {
    const entries = Object.entries(node);
    if (entries.length === 0 && path.length > 0) set.add(JSON.stringify(path));
    for (const [element, child] of entries) {
      if (element === '.') set.add(JSON.stringify(path));
      else if (isObject(child)) walk(child, [...path, element]);
    }
  };
  walk(fields, []);
  return set;
}

/** A path as messages show it: `.spec.template.spec.containers[name="web"].image`. */
export function pathText(path: string): string {
  return (JSON.parse(path) as string[]).map(elementText).join('');
}

function elementText(element: string): string {
  const rest = element.slice(2);
  if (element.startsWith('f:')) return `.${rest}`;
  if (element.startsWith('v:')) return `[=${rest}]`;
  const pairs = Object.entries(JSON.parse(rest) as JsonObject);
  return `[${pairs.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
}
