import { isInexact, isYaml, type Json } from '@claw-run/core';
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Edit } from './edit.ts';
import { pathText, type YamlPath } from './yaml-path.ts';

export type Problem = Exclude<Edit, { readonly text: string }>;

/** What holds a value: the pair of a map, an item of a list, or the document itself. */
export type Holder =
  | { readonly in: 'map'; readonly map: YAMLMap; readonly pair: Pair }
  | { readonly in: 'list'; readonly list: YAMLSeq; readonly index: number }
  | { readonly in: 'document' };

/** Where a path leads: to a value, or as far as there are values. */
export interface Place {
  readonly document: Document;
  /** What holds the last value that is there. */
  readonly holder: Holder;
  readonly node: unknown;
  /** The keys that are not there. */
  readonly missing: YamlPath;
}

/** Follows a path in a YAML text. Broken YAML, keys that are there twice, anchors and aliases on the way are problems. */
export function findYaml(text: string, path: YamlPath): Place | Problem {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problemAt = (problem: string, offset: number): Problem => {
    const { line, col } = lines.linePos(offset);
    return { problem, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const [error] = document.errors;
  if (error !== undefined)
    return problemAt(`it is not the YAML it should be: ${error.message}`, error.pos[0]);
  let node: unknown = document.contents;
  let holder: Holder = { in: 'document' };
  for (const [depth, key] of path.entries()) {
    const shared = sharedAt(node, path.slice(0, depth));
    if (shared !== undefined) return problemAt(shared, offsetOf(node));
    const missing = path.slice(depth);
    if (isMap(node)) {
      const map: YAMLMap = node;
      const pair: Pair | undefined = map.items.find((item) => nameOf(item.key) === String(key));
      if (pair === undefined) {
        if (map.items.some((item) => nameOf(item.key) === '<<'))
          return problemAt(`${pathText(path.slice(0, depth + 1))} may come from a merge (<<)`, offsetOf(map));
        return { document, holder, node, missing };
      }
      holder = { in: 'map', map, pair };
      node = pair.value;
    } else if (isSeq(node)) {
      const list: YAMLSeq = node;
      const index = Number(key);
      if (!Number.isInteger(index) || index < 0 || index >= list.items.length)
        return problemAt(
          `${pathText(path.slice(0, depth)) || 'the document'} is a list of ${list.items.length}: it has no item ${key}`,
          offsetOf(list),
        );
      holder = { in: 'list', list, index };
      node = list.items[index];
    } else if (isNothing(node)) {
      return { document, holder, node, missing };
    } else {
      return problemAt(
        `${pathText(path.slice(0, depth)) || 'the document'} is neither a map nor a list`,
        offsetOf(node),
      );
    }
  }
  const shared = sharedAt(node, path) ?? sharedInside(node, path);
  return shared === undefined ? { document, holder, node, missing: [] } : problemAt(shared, offsetOf(node));
}

/** What a path leads to; no value where there is none. */
export interface YamlValue {
  readonly value: Json | undefined;
  /** Whether it is that value, to readers of YAML 1.1 and 1.2. */
  readonly is: (wanted: Json) => boolean;
  /** Whether it is a list that has that member. */
  readonly has: (member: Json) => boolean;
}

export function yamlValue(text: string, path: YamlPath): YamlValue | Problem {
  const place = findYaml(text.replace(/^\uFEFF/, ''), path);
  if ('problem' in place) return place;
  if (place.missing.length > 0) return { value: undefined, is: () => false, has: () => false };
  const { node } = place;
  return {
    value: valueAt(place),
    is: (wanted) => isYaml(node, wanted),
    has: (member) => isSeq(node) && node.items.some((item) => isYaml(item, member)),
  };
}

export function valueAt({ node, document }: Pick<Place, 'node' | 'document'>): Json {
  // as a text it has all its digits
  if (isScalar(node) && isInexact(node)) return node.source ?? null;
  return isNode(node) ? (node.toJS(document) as Json) : null;
}

/** `key:` with nothing behind it, or an empty document. */
export function isNothing(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null);
}

function nameOf(key: unknown): string | undefined {
  return isScalar(key) ? String(key.value) : undefined;
}

function sharedAt(node: unknown, path: YamlPath): string | undefined {
  const where = pathText(path) || 'the document';
  if (isAlias(node))
    return `${where} is an alias (*${node.source}): what is changed there is changed elsewhere too`;
  if (isNode(node) && !isAlias(node) && node.anchor !== undefined)
    return `${where} has an anchor (&${node.anchor}): what is changed there may change elsewhere too`;
  return undefined;
}

function sharedInside(node: unknown, path: YamlPath): string | undefined {
  let found: string | undefined;
  if (!isNode(node)) return undefined;
  visit(node, {
    Node(_key, inner) {
      found = sharedAt(inner, path);
      return found === undefined ? undefined : visit.BREAK;
    },
  });
  return found;
}

function offsetOf(node: unknown): number {
  return (isNode(node) ? node.range?.[0] : undefined) ?? 0;
}
