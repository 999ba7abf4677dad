import { isObject, type JsonObject, type KubeObject, same } from '../storage/objects.ts';
import { ApiError, type Cause } from '../storage/status.ts';
import {
  childrenOf,
  compareFields,
  type FieldSet,
  fieldsOf,
  inOrder,
  itemElement,
  pathText,
} from './field-set.ts';
import { isBy, newOwner, type Owner, ownersOf, trackedPart, type Writer } from './ownership.ts';
import { type Shape, shapeOfField } from './shape.ts';

/** The object after an apply, and who owns its fields. */
export interface Applied {
  readonly object: KubeObject;
  readonly owners: readonly Owner[];
}

/** How to apply. */
export interface ApplyOptions {
  readonly writer: Writer;
  readonly force: boolean;
  readonly shape: Shape;
  readonly hasStatus: boolean;
}

/**
 * Applies a configuration on the server: merges it in, removes what the same manager applied before and no longer
 * names, and refuses to change what others own unless forced.
 */
export function applyConfiguration(
  live: KubeObject | undefined,
  config: KubeObject,
  options: ApplyOptions,
): Applied {
  const { writer, shape } = options;
  const part = (object: KubeObject) => trackedPart(object, writer.subresource, options.hasStatus);
  const wanted = fieldsOf(part(config), shape);
  const before = ownersOf(live);
  const others = before.filter((owner) => !isBy(owner.entry, writer));
  const own = before.find((owner) => isBy(owner.entry, writer))?.fields ?? new Set<string>();
  const base = live ?? ({ metadata: {} } as KubeObject);
  const merged = mergeConfiguration(base, config, shape) as KubeObject;
  const dropped = others.reduce<FieldSet>(
    (left, owner) => left.difference(owner.fields),
    own.difference(wanted),
  );
  const object = removeFields(merged, dropped, shape, wanted) as KubeObject;
  const { changed, removed } = compareFields(part(base), part(object), shape);
  const conflicts = others.flatMap(({ entry, fields }) =>
    inOrder(fields.intersection(changed)).map((path) => ({ entry, path })),
  );
  if (conflicts.length > 0 && !options.force) throw applyConflict(conflicts);
  const left = others.map(({ entry, fields }) => ({
    entry,
    fields: fields.difference(changed).difference(removed),
  }));
  return { object, owners: [...left, newOwner(writer, wanted)] };
}

function mergeConfiguration(live: unknown, config: unknown, shape: Shape | undefined): unknown {
  if (shape?.atomic === true || live === undefined || live === null) return config;
  if (isObject(live) && isObject(config)) {
    const result: JsonObject = { ...live };
    for (const [key, value] of Object.entries(config))
      result[key] = mergeConfiguration(live[key], value, shapeOfField(shape, key));
    return result;
  }
  if (!Array.isArray(live) || !Array.isArray(config)) return config;
  if (shape?.set === true) return [...live, ...config.filter((item) => !live.some((one) => same(one, item)))];
  const keys = shape?.keys;
  return keys === undefined ? config : mergeItems(live, config, keys, shape);
}

function mergeItems(
  live: readonly unknown[],
  config: readonly unknown[],
  keys: readonly string[],
  shape: Shape | undefined,
): unknown[] {
  const key = (item: unknown) => itemElement(item, keys, shape?.keyDefaults);
  const wanted = new Map(config.map((item) => [key(item), item]));
  const kept = live.map((item) =>
    wanted.has(key(item)) ? mergeConfiguration(item, wanted.get(key(item)), shape?.each) : item,
  );
  const present = new Set(live.map(key));
  return [...kept, ...config.filter((item) => !present.has(key(item)))];
}

function removeFields(
  value: unknown,
  dropped: FieldSet,
  shape: Shape | undefined,
  wanted: FieldSet,
  path: readonly string[] = [],
): unknown {
  const children = childrenOf(value, shape);
  if (children === undefined || dropped.size === 0) return value;
  const kept = [...children].flatMap(([element, child]) => {
    const at = [...path, element];
    if (dropped.has(JSON.stringify(at)) && !hasBelow(wanted, at)) return [];
    const inner = removeFields(child.value, dropped, child.shape, wanted, at);
    const emptied = isEmpty(inner) && !isEmpty(child.value) && !hasBelow(wanted, at);
    return emptied ? [] : [[element, inner] as const];
  });
  if (Array.isArray(value)) return kept.map(([, item]) => item);
  return Object.fromEntries(kept.map(([element, item]) => [element.slice(2), item]));
}

function hasBelow(set: FieldSet, path: readonly string[]): boolean {
  const start = JSON.stringify(path).slice(0, -1);
  return [...set].some((one) => one.startsWith(start));
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

interface FieldConflict {
  readonly entry: Owner['entry'];
  readonly path: string;
}

function applyConflict(conflicts: readonly FieldConflict[]): ApiError {
  const causes: Cause[] = conflicts.map(({ entry, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${managerText(entry)}`,
    field: pathText(path),
  }));
  return new ApiError(409, 'Conflict', conflictMessage(conflicts), { causes });
}

function conflictMessage(conflicts: readonly FieldConflict[]): string {
  const [only] = conflicts;
  if (conflicts.length === 1 && only)
    return `Apply failed with 1 conflict: conflict with ${managerText(only.entry)}: ${pathText(only.path)}`;
  const managers = [...new Set(conflicts.map((one) => managerText(one.entry)))].sort();
  const lines = managers.flatMap((manager) => [
    `conflicts with ${manager}:`,
    ...conflicts.filter((one) => managerText(one.entry) === manager).map((one) => `- ${pathText(one.path)}`),
  ]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

function managerText(entry: Owner['entry']): string {
  const name = `${JSON.stringify(entry.manager)}${entry.subresource ? ` with subresource "${entry.subresource}"` : ''}`;
  return entry.operation === 'Update' ? `${name} using ${entry.apiVersion}` : name;
}
