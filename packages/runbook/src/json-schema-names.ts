import type { JsonObject } from '@claw-run/core';
import { keyOf } from './json-schema-walk.ts';

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
  if (Array.isArray(schema.anyOf)) return ownNames((schema.anyOf[0] ?? {}) as JsonObject);
  const { patternErrorMessage: message } = schema;
  const said = typeof message === 'string' ? nameOfMessage(message) : [];
  return said.length > 0 ? said : typeNames(schema);
}

/** A type with the plainest of demands. */
function typeNames({
  type,
  pattern,
  patternErrorMessage: message,
  ...demands
}: JsonObject): readonly string[] {
  const types = [type ?? []].flat().map(String);
  const own = types.length > 1 && message !== undefined ? types.filter((one) => one !== 'string') : types;
  if (own.length >= 6) return ['json value'];
  const name = own.join(' or ');
  if (pattern !== undefined && message === undefined) return [];
  const words = plainDemands[keyOf(demands)];
  return words === undefined ? [] : [words.replace('…', name)];
}

const plainDemands: { readonly [demands: string]: string } = {
  '{}': '…',
  '{"minLength":1}': 'non-empty …',
  '{"minimum":0}': 'non-negative …',
  '{"minimum":1}': 'positive …',
  '{"exclusiveMinimum":0}': 'positive …',
  '{"items":{"type":"string"}}': 'string list',
  '{"items":{"type":"string"},"minItems":1}': 'non-empty string list',
  '{"additionalProperties":{"type":"string"}}': 'string map',
};

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
  const [first = '', ...rest] = parts;
  const start = /^[A-Z]+$/.test(first) ? first.toLowerCase() : first.charAt(0).toLowerCase() + first.slice(1);
  return [start, ...rest.map((part) => part.charAt(0).toUpperCase() + part.slice(1))].join('');
}
