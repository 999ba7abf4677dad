import { isInexact } from '@claw-run/core';
import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from 'yaml';
import type { Problems } from './problems.ts';
import type { Source, Span } from './source.ts';
import type { Entry, ScalarTree, Tree } from './tree.ts';
import { describeValue } from './tree.ts';

const mostNodes = 50_000;
const mostDepth = 100;
const styles: { readonly [type: string]: ScalarTree['style'] } = {
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_LITERAL: 'literal',
  BLOCK_FOLDED: 'folded',
};

/** Turns a YAML document into a tree of ours: aliases and merge keys resolved, whatever cannot be in a runbook told. */
export function treeOf(document: Document, source: Source, problems: Problems): Tree | undefined {
  const anchors = new Map<string, Node>();
  const open = new Set<unknown>();
  let nodes = 0;
  let bomb = false;

  const spanOf = (node: unknown): Span => {
    const range = (node as Node | null)?.range;
    const start = Math.min(range?.[0] ?? 0, source.text.length);
    return { source, start, end: Math.max(start, range?.[1] ?? start) };
  };
  const broken = (span: Span): Tree => ({
    ...span,
    kind: 'scalar',
    value: null,
    style: 'plain',
    broken: true,
  });
  const tell = (span: Span, message: string, hint?: string) => {
    problems.add(span, message, hint, 'runbook-syntax');
    return broken(span);
  };

  const convert = (node: unknown, depth: number, via?: Span): Tree => {
    const span = spanOf(node);
    if (bomb) return broken(span);
    if (++nodes > mostNodes || depth > mostDepth) {
      bomb = true;
      return tell(
        via ?? span,
        `the file unfolds to more than ${mostNodes} values`,
        'use fewer aliases (`*name`)',
      );
    }
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target === undefined) return tell(span, `there is no anchor \`&${node.source}\` before this alias`);
      if (open.has(target)) return tell(span, `\`*${node.source}\` holds itself`);
      return convert(target, depth + 1, via ?? span);
    }
    const { anchor, tag } = node as Node & { anchor?: string; tag?: string };
    if (anchor !== undefined) anchors.set(anchor, node as Node);
    if (tag !== undefined && !/^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/.test(tag)) {
      return tellTag(span, tag);
    }
    if (isScalar(node)) return scalarOf(node, span);
    open.add(node);
    const tree = isMap(node)
      ? mapOf(node, span, depth, via)
      : isSeq(node)
        ? { ...span, kind: 'list' as const, items: node.items.map((item) => convert(item, depth + 1, via)) }
        : broken(span);
    open.delete(node);
    return tree;
  };

  const tellTag = (span: Span, tag: string): Tree => {
    const name = tag.replace(/^tag:yaml\.org,2002:/, '!!');
    const start = Math.max(0, source.text.lastIndexOf('!', span.start - 1) - (name.startsWith('!!') ? 1 : 0));
    const place = { source, start, end: Math.max(start + 1, Math.min(span.start, start + name.length)) };
    const expression = !name.startsWith('!!') && /^![a-z]/i.test(name);
    return tell(
      place,
      `YAML reads \`${name.slice(0, 60)}\` as a tag, and runbooks have none`,
      expression ? `for "not …", quote the expression: \`'${name.slice(0, 60)}'\`` : 'leave it out',
    );
  };

  const scalarOf = (node: Scalar, span: Span): Tree => {
    const { value } = node;
    const style = styles[node.type ?? ''] ?? 'plain';
    if (typeof value === 'number' && !Number.isFinite(value))
      return tell(span, 'a runbook has finite numbers only');
    if (isInexact(node))
      return tell(
        span,
        `\`${node.source}\` has more digits than a number keeps: it would be ${value}`,
        'quote it where a text will do',
      );
    if (
      typeof value === 'string' ||
      typeof value === 'number' ||
      typeof value === 'boolean' ||
      value === null
    ) {
      return { ...span, kind: 'scalar', value, style };
    }
    return tell(span, `${describeValue(value)} cannot be in a runbook`);
  };

  const mapOf = (node: YAMLMap, span: Span, depth: number, via: Span | undefined): Tree => {
    const entries = new Map<string, Entry>();
    const merged: Tree[] = [];
    for (const { key, value } of node.items) {
      const at = spanOf(key);
      const name = isAlias(key) ? anchors.get(key.source) : key;
      const text = isScalar(name) ? name.value : undefined;
      if (isScalar(key) && key.anchor !== undefined) anchors.set(key.anchor, key);
      if (typeof text === 'number' || typeof text === 'boolean') {
        tell(at, `the key \`${text}\` is not a text`, `quote it: \`'${text}'\``);
        continue;
      }
      if (typeof text !== 'string') {
        tell(at, `a key must be a text; this is ${isScalar(name) ? describeValue(text) : 'a list or a map'}`);
        continue;
      }
      const tree = value === null ? emptyAfter(at) : convert(value, depth + 1, via);
      if (text === '<<' && isScalar(key) && key.type === 'PLAIN') {
        merged.push(tree);
        continue;
      }
      if (entries.has(text)) {
        tell(at, `\`${text.slice(0, 60)}\` is given twice in one map`);
        continue;
      }
      entries.set(text, { key: at, value: tree });
    }
    for (const tree of merged) merge(entries, tree);
    return { ...span, kind: 'map', entries };
  };

  const emptyAfter = (key: Span): Tree => ({
    source,
    start: key.start,
    end: key.end,
    kind: 'scalar',
    value: null,
    style: 'plain',
  });

  const merge = (entries: Map<string, Entry>, tree: Tree): void => {
    if (tree.kind === 'list') {
      for (const item of tree.items) merge(entries, item);
    } else if (tree.kind === 'map') {
      for (const [name, entry] of tree.entries) if (!entries.has(name)) entries.set(name, entry);
    } else if (!tree.broken) {
      tell(tree, '`<<` takes a map, or a list of maps');
    }
  };

  return document.contents === null ? undefined : convert(document.contents, 0);
}
