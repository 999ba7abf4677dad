import { equal, isObject, type PatchOperation } from '@claw-run/core';

/** What JSON Patch (RFC 6902) makes of a document; `undefined` where a `test` fails or a path leads nowhere. */
export function applyJsonPatch(document: unknown, patch: readonly PatchOperation[]): unknown {
  let result: unknown = structuredCopy(document);
  for (const operation of patch) {
    const path = operation.path
      .split('/')
      .slice(1)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    if (path.length === 0) {
      if (operation.op === 'test' ? !equal(result, operation.value) : operation.op === 'remove')
        return undefined;
      if (operation.op !== 'test' && operation.op !== 'remove') result = operation.value;
      continue;
    }
    const parent = path.slice(0, -1).reduce(child, result);
    if (!applyTo(parent, path.at(-1) ?? '', operation)) return undefined;
  }
  return result;
}

function applyTo(parent: unknown, key: string, operation: PatchOperation): boolean {
  if (Array.isArray(parent)) {
    const index = key === '-' ? parent.length : Number(key);
    if (operation.op === 'add') parent.splice(index, 0, operation.value);
    else if (operation.op === 'remove') parent.splice(index, 1);
    else if (operation.op === 'replace') parent[index] = operation.value;
    else return equal(parent[index], operation.value);
    return true;
  }
  if (!isObject(parent)) return false;
  if (operation.op === 'test') return equal(parent[key], operation.value);
  if (operation.op === 'remove') delete parent[key];
  else parent[key] = operation.value;
  return true;
}

function child(value: unknown, key: string): unknown {
  return Array.isArray(value) ? value[Number(key)] : isObject(value) ? value[key] : undefined;
}

/** Copies objects and arrays; secrets are shared, they cannot change. */
function structuredCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structuredCopy);
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, structuredCopy(item)]))
    : value;
}
