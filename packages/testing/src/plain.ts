import { Secret } from '@claw-run/core';

/** Names the first thing in a value that JSON would lose or change; nothing where it is JSON, secrets allowed. */
export function notJson(value: unknown, path = 'the value'): string | undefined {
  if (value === null || value === undefined || value instanceof Secret) return undefined;
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : `${path} is ${value}`;
    case 'object':
      return inObject(value, path);
    default:
      return `${path} is a ${typeof value}`;
  }
}

function inObject(value: object, path: string): string | undefined {
  const kind = Object.getPrototypeOf(value) as unknown;
  if (!Array.isArray(value) && kind !== Object.prototype && kind !== null) {
    return `${path} is a ${value.constructor.name}`;
  }
  for (const [key, item] of Object.entries(value)) {
    if (Array.isArray(value) && item === undefined) return `${path}.${key} is undefined in a list`;
    const found = notJson(item, `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
