import { copy, isObject, type JsonObject, same } from '../storage/objects.ts';
import { ApiError, badRequest } from '../storage/status.ts';

/** Merges by RFC 7396: null removes a field, anything but an object replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** Applies a list of operations by RFC 6902. */
export function jsonPatch(target: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations)) throw badRequest('the patch must be a list of JSON patch operations');
  return operations.reduce<unknown>(
    (document, operation) => applyOperation(document, operation),
    copy(target),
  );
}

function applyOperation(document: unknown, operation: unknown): unknown {
  if (!isObject(operation) || typeof operation.path !== 'string')
    throw badRequest('an operation of the JSON patch has no path');
  const path = pointer(operation.path);
  const from = typeof operation.from === 'string' ? pointer(operation.from) : [];
  switch (operation.op) {
    case 'add':
      return add(document, path, operation.value);
    case 'replace':
      read(document, path);
      return path.length === 0 ? operation.value : add(remove(document, path), path, operation.value);
    case 'remove':
      return remove(document, path);
    case 'copy':
      return add(document, path, copy(read(document, from)));
    case 'move': {
      const value = read(document, from);
      return add(remove(document, from), path, value);
    }
    case 'test':
      if (!same(readOrUndefined(document, path), operation.value)) {
        throw refused(`testing value ${operation.path} failed: test failed`);
      }
      return document;
    default:
      throw badRequest(`Unexpected kind: ${String(operation.op)}`);
  }
}

function refused(why: string): ApiError {
  return new ApiError(
    422,
    'Invalid',
    `the server rejected our request due to an error in our request: ${why}`,
    {},
  );
}

function pointer(path: string): readonly string[] {
  if (path === '') return [];
  return path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function readOrUndefined(document: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => {
    if (Array.isArray(at)) return at[Number(key)];
    return isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }, document);
}

function read(document: unknown, path: readonly string[]): unknown {
  const value = readOrUndefined(document, path);
  if (value === undefined) throw refused(`the path /${path.join('/')} does not exist`);
  return value;
}

function add(document: unknown, path: readonly string[], value: unknown): unknown {
  const key = path.at(-1);
  if (key === undefined) return value;
  const parent = read(document, path.slice(0, -1));
  if (Array.isArray(parent)) {
    const at = key === '-' ? parent.length : Number(key);
    if (!Number.isInteger(at) || at < 0 || at > parent.length) throw refused(`index ${key} is out of bounds`);
    parent.splice(at, 0, value);
  } else if (isObject(parent)) parent[key] = value;
  else throw refused(`the path /${path.join('/')} does not exist`);
  return document;
}

function remove(document: unknown, path: readonly string[]): unknown {
  read(document, path);
  const key = path.at(-1);
  const parent = read(document, path.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else if (isObject(parent) && key !== undefined) delete parent[key];
  return document;
}
