import type { JsonObject } from '@claw-run/core';

/** Where a schema is used: of which step (`library.step`), and for which input. */
export interface SchemaUse {
  readonly step: string;
  readonly input: string;
}

/**
 * A name for a schema that has several uses: its title; its type, where it demands no more; what its message says it is ("Must be
 * an absolute path."); or else the input that it is mostly used for.
 */
export function nameOfSchema(
  schema: JsonObject,
  uses: readonly SchemaUse[],
  taken: { has(name: string): boolean },
): string {
  const input = mostOften(uses.map((use) => use.input));
  const libraries = [...new Set(uses.map(({ step }) => step.replace(/\..*$/, '')))];
  const place = libraries.length === 1 ? `${libraries[0]} ${input}` : input;
  const step = mostOften(uses.map((use) => use.step));
  return freeName([...ownNames(schema), place, `${place} value`, `${step} ${input}`], taken);
}

/** The first name that is free, in camel case; the last one with a number where none is. */
export function freeName(names: readonly string[], taken: { has(name: string): boolean }): string {
  const wished = names.map(camelCase).filter((name) => name !== '');
  const free = wished.find((name) => !taken.has(name));
  if (free !== undefined) return free;
  const last = wished.at(-1) ?? 'value';
  for (let number = 2; ; number++) if (!taken.has(`${last}${number}`)) return `${last}${number}`;
}

function ownNames(schema: JsonObject): readonly string[] {
  if (typeof schema.title === 'string') return [schema.title];
  if (schema.description !== undefined) return [];
  const { anyOf, type, patternErrorMessage: message, pattern: _, minLength, ...more } = schema;
  if (Array.isArray(anyOf)) return ownNames((anyOf[0] ?? {}) as JsonObject);
  const said = typeof message === 'string' ? nameOfMessage(message) : [];
  if (said.length > 0 || Object.keys(more).length > 0) return said;
  const types = [type ?? []].flat().map(String);
  const own = types.length > 1 && message !== undefined ? types.filter((one) => one !== 'string') : types;
  if (own.length >= 6) return ['json value'];
  return minLength === undefined ? [own.join(' or ')] : minLength === 1 ? ['non-empty string'] : [];
}

/** `absolute path` for "Must be an absolute path.", `user name` for "Must be the name of a user." */
function nameOfMessage(message: string): readonly string[] {
  const said =
    /^Must be (?:an? |the |one )?([^:;,.()]+?)(?: such as .*)?(?:[:;,.(]|$)/.exec(message)?.[1] ?? '';
  const name = said.replace(/^name of (?:an? |the |one )?(.+)$/, '$1 name');
  return name === '' || name.split(' ').length > 4 || /, or an expression: /.test(message) ? [] : [name];
}

function mostOften(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const order = [...counts].toSorted(([a, m], [b, n]) => n - m || a.length - b.length || (a < b ? -1 : 1));
  return order[0]?.[0] ?? '';
}

function camelCase(text: string): string {
  const parts = text.split(/[^A-Za-z0-9]+/).filter((part) => part !== '');
  const joined = parts.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join('');
  return joined.charAt(0).toLowerCase() + joined.slice(1);
}
