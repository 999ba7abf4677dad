import { equal, isYaml, type Json, stableStringify, takesYamlQuotes } from '@claw-run/core';
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  stringify,
  visit,
} from 'yaml';
import { follow, parsePath, pointerKeys } from './path.ts';

/** The text after the edit, or why it cannot be edited. */
export type Edit = { readonly text: string } | { readonly problem: string };

/**
 * Sets the value at a path inside a YAML text, or takes it away with `undefined`. Comments, order and every other byte
 * stay as they are wherever the text allows it; otherwise comments and order do.
 */
export function editYaml(text: string, path: string, value: Json | undefined): Edit {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) return { problem: `it is not YAML: ${error.message.split('\n')[0]}` };
  const found = follow((document.toJS() as Json) ?? {}, parsePath(path) ?? []);
  if ('unresolved' in found) return { problem: found.unresolved };
  const keys = pointerKeys(found.at);
  if ('value' in found ? value !== undefined && isThere(document, keys, value) : value === undefined)
    return { text };
  const edited = changed(document, keys, value);
  const wanted = [edited, changed(parseDocument(text, { version: '1.1' }), keys, value)].map(plainOf);
  const spliced = splice(document, text, {
    keys,
    value,
    missing: 'missing' in found ? pointerKeys(found.missing) : undefined,
  });
  const texts = [...(spliced === undefined ? [] : [spliced]), edited.toString({ lineWidth: 0 })];
  const good = texts.find((each) => reads(each, wanted));
  return good === undefined
    ? { problem: 'readers of YAML would not agree on what it says then' }
    : { text: good };
}

/** Whether a value is there already, to readers of YAML 1.1 and 1.2. */
function isThere(document: Document, keys: readonly string[], value: Json): boolean {
  const node = document.getIn(keys, true);
  return isAlias(node) ? equal(node.toJS(document), value) : isYaml(node, value);
}

/** The document with a value set, or taken away. A key is looked for as it stands: `on` is true to readers of YAML 1.1. */
function changed(document: Document, keys: readonly string[], value: Json | undefined): Document {
  const edited = document.clone();
  let node: unknown = edited.contents;
  const path = keys.map((key) => {
    const pair = isMap(node)
      ? node.items.find((item) => isScalar(item.key) && (item.key.source ?? String(item.key.value)) === key)
      : undefined;
    node = pair?.value ?? (isSeq(node) ? node.items[Number(key)] : undefined);
    return pair?.key ?? key;
  });
  if (value === undefined) edited.deleteIn(path);
  else edited.setIn(path, quoted(edited.createNode(value), value));
  return edited;
}

/** A new node, its texts in quotes where readers would not agree on them otherwise. */
function quoted(node: Node, value: Json): Node {
  if (takesYamlQuotes(value))
    visit(node, {
      Scalar(_, scalar) {
        if (typeof scalar.value === 'string') scalar.type = 'QUOTE_DOUBLE';
      },
    });
  return node;
}

interface Change {
  readonly keys: readonly string[];
  readonly value: Json | undefined;
  /** The keys of the first part that is missing. */
  readonly missing: readonly string[] | undefined;
}

/** The text with only the bytes of the change exchanged, where that can be done. */
function splice(document: Document, text: string, { keys, value, missing }: Change): string | undefined {
  const place = missing ?? keys;
  const parent = place.length === 1 ? document.contents : document.getIn(place.slice(0, -1), true);
  if (!isMap(parent) || parent.flow) {
    const node = document.getIn(keys, true);
    return value !== undefined && isScalar(node) ? replaceScalar(text, node, value) : undefined;
  }
  const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === place.at(-1));
  if (pair === undefined)
    return value === undefined
      ? undefined
      : insert(text, parent.items, nested(keys.slice(place.length - 1), value));
  if (isScalar(pair.value) && isFlat(value)) return replaceScalar(text, pair.value, value);
  const [start, end] = linesOf(text, pair);
  const own = value === undefined ? '' : block({ [place.at(-1) ?? '']: value }, columnOf(text, pair));
  return text.slice(0, start) + own + text.slice(end);
}

function replaceScalar(text: string, node: Node, value: Json): string | undefined {
  const [start, end] = node.range ?? [0, 0];
  const old = text.slice(start, end);
  if (!isFlat(value) || old.includes('\n')) return undefined;
  const gap = start === end && text[start - 1] === ':' ? ' ' : '';
  return text.slice(0, start) + gap + written(value, old) + text.slice(end);
}

/** A scalar in the style of the one it replaces. */
function written(value: Json, old: string): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  if (old.startsWith("'") && !/[\n\t]/.test(value)) return `'${value.replaceAll("'", "''")}'`;
  const plain = stringify(value, { lineWidth: 0 }).trimEnd();
  return old.startsWith('"') || takesYamlQuotes(value) || plain.includes('\n')
    ? JSON.stringify(value)
    : plain;
}

function insert(text: string, items: readonly Pair[], value: Json): string | undefined {
  const [first, last] = [items[0], items.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const [, end] = linesOf(text, last);
  const gap = end > 0 && text[end - 1] !== '\n' ? '\n' : '';
  return text.slice(0, end) + gap + block(value, columnOf(text, first)) + text.slice(end);
}

function block(value: Json, column: number): string {
  const style = takesYamlQuotes(value) ? { defaultStringType: 'QUOTE_DOUBLE' as const } : {};
  return stringify(value, { lineWidth: 0, ...style })
    .split('\n')
    .map((line) => (line === '' ? line : ' '.repeat(column) + line))
    .join('\n');
}

/** From the start of the line of the key to the end of the line on which the value ends. */
function linesOf(text: string, pair: Pair): readonly [number, number] {
  const start = rangeOf(pair.key)[0];
  const end = lastLeaf(pair);
  const lineEnd = text[end - 1] === '\n' ? end : text.indexOf('\n', end) + 1;
  return [text.lastIndexOf('\n', start - 1) + 1, lineEnd === 0 ? text.length : lineEnd];
}

function lastLeaf(pair: Pair): number {
  const { key, value } = pair;
  if (isCollection(value) && !value.flow) {
    const last = value.items.at(-1);
    if (isPair(last)) return lastLeaf(last);
    if (isCollection(last) && isPair(last.items.at(-1))) return rangeOf(last)[1];
    return rangeOf(last)[1];
  }
  return Math.max(rangeOf(value)[1], rangeOf(key)[1]);
}

function columnOf(text: string, pair: Pair): number {
  const [start] = rangeOf(pair.key);
  return start - (text.lastIndexOf('\n', start - 1) + 1);
}

function rangeOf(node: unknown): readonly [number, number] {
  const range = isScalar(node) || isCollection(node) ? node.range : undefined;
  return range ? [range[0], range[1]] : [0, 0];
}

function nested(keys: readonly string[], value: Json): Json {
  return keys.reduceRight<Json>((inner, key) => ({ [key]: inner }), value);
}

function isFlat(value: Json | undefined): value is string | number | boolean | null {
  return value === null || (value !== undefined && typeof value !== 'object');
}

/** Whether a text is what is wanted to readers of YAML 1.2 and of 1.1. */
function reads(text: string, wanted: readonly string[]): boolean {
  return (['1.2', '1.1'] as const).every((version, at) => {
    const document = parseDocument(text, { version });
    return document.errors.length === 0 && plainOf(document) === wanted[at];
  });
}

function plainOf(document: Document): string {
  return stableStringify(JSON.parse(JSON.stringify(document.toJS() ?? null)) as Json);
}
