import { isObject, type JsonObject, same } from '../storage/objects.ts';
import { badRequest } from '../storage/status.ts';
import { type Shape, shapeOfField } from './shape.ts';

/**
 * Merges a strategic merge patch: lists with a merge key merge item by item. Knows the directives `$patch`,
 * `$retainKeys`, `$setElementOrder/…` and `$deleteFromPrimitiveList/…`.
 */
export function strategicMerge(target: unknown, patch: JsonObject, shape: Shape | undefined): JsonObject {
  const { $patch: directive, ...fields } = patch;
  if (directive === 'replace') return withoutDirectives(fields);
  if (directive === 'delete') return {};
  const result: JsonObject = isObject(target) ? { ...target } : {};
  const retained = fields.$retainKeys;
  if (Array.isArray(retained))
    for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key];
  for (const [key, value] of Object.entries(fields)) mergeField(result, key, value, shape, fields);
  return result;
}

function mergeField(
  result: JsonObject,
  key: string,
  value: unknown,
  shape: Shape | undefined,
  patch: JsonObject,
): void {
  if (key === '$retainKeys' || key.startsWith('$setElementOrder/')) return;
  if (key.startsWith('$deleteFromPrimitiveList/')) {
    const field = key.slice('$deleteFromPrimitiveList/'.length);
    const gone: readonly unknown[] = Array.isArray(value) ? value : [];
    if (Array.isArray(result[field])) result[field] = result[field].filter((item) => !gone.includes(item));
    return;
  }
  const inner = shapeOfField(shape, key);
  if (value === null) delete result[key];
  else if (isObject(value)) result[key] = strategicMerge(result[key], value, inner);
  else if (Array.isArray(value))
    result[key] = mergeList(result[key], value, inner, patch[`$setElementOrder/${key}`]);
  else result[key] = value;
}

function mergeList(
  target: unknown,
  patch: readonly unknown[],
  shape: Shape | undefined,
  order: unknown,
): unknown[] {
  const present: readonly unknown[] = Array.isArray(target) ? target : [];
  if (shape?.set === true)
    return [...present, ...patch.filter((item) => !present.some((one) => same(one, item)))];
  const key = shape?.mergeKey ?? shape?.keys?.[0];
  const replaces = patch.some((item) => isObject(item) && item.$patch === 'replace');
  if (key === undefined || replaces)
    return patch.filter((item) => !isObject(item) || item.$patch === undefined).map(withoutDirectives);
  return ordered(mergeItems(present, patch, key, shape?.each), order, key);
}

function mergeItems(
  present: readonly unknown[],
  patch: readonly unknown[],
  key: string,
  shape: Shape | undefined,
): unknown[] {
  const items = [...present];
  for (const item of patch) {
    if (!isObject(item) || item[key] === undefined)
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    const at = items.findIndex((one) => isObject(one) && one[key] === item[key]);
    if (item.$patch === 'delete') {
      if (at >= 0) items.splice(at, 1);
    } else if (at < 0) items.push(strategicMerge({}, item, shape));
    else items[at] = strategicMerge(items[at], item, shape);
  }
  return items;
}

function ordered(items: unknown[], order: unknown, key: string): unknown[] {
  if (!Array.isArray(order)) return items;
  const wanted = order.map((item) => (isObject(item) ? item[key] : item));
  const rank = (item: unknown) => wanted.indexOf(isObject(item) ? item[key] : item);
  const listed = items.filter((item) => rank(item) >= 0).sort((a, b) => rank(a) - rank(b));
  return items.map((item) => (rank(item) >= 0 ? listed.shift() : item));
}

function withoutDirectives<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutDirectives) as T;
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([key]) => !key.startsWith('$'));
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutDirectives(item)])) as T;
}
