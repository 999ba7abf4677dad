import { type Json, takesYamlQuotes } from '@claw-run/core';
import { isCollection, isNode, isPair, isScalar, isSeq, stringify } from 'yaml';
import { lineEnd } from './edit.ts';
import { isNothing, type Place } from './yaml-find.ts';
import type { YamlPath } from './yaml-path.ts';

/** Texts with the change in them, the one in the best style first; whoever asks reads each before taking it. */
export type Candidates = readonly string[];

/** Puts a value at a place: over the one that is there, or beside its siblings. */
export function put(text: string, place: Place, value: Json): Candidates {
  const { holder, node, missing } = place;
  if (missing.length === 0) return replaced(text, place, value);
  if (holder.in === 'list' && holder.index === holder.list.items.length) return appended(text, place, value);
  const inner = nest(missing, value);
  if (isNothing(node) || (isCollection(node) && node.items.length === 0)) {
    if (holder.in === 'document') return [filled(text, node, block(text, inner, 0))];
    return replaced(text, place, inner);
  }
  if (!isCollection(node)) return [];
  const last = node.items.at(-1);
  if (node.flow) return [flowInserted(text, last, JSON.stringify(inner).slice(1, -1))];
  const column = columnOf(text, startOf(node.items[0]));
  return [lineInserted(text, endOf(last), block(text, inner, column))];
}

/** Takes a value away, with the line it stands on. */
export function takeOut(text: string, { holder }: Place): Candidates {
  if (holder.in === 'document') return [];
  const siblings = holder.in === 'map' ? holder.map.items : holder.list.items;
  const parent = holder.in === 'map' ? holder.map : holder.list;
  const index = holder.in === 'map' ? siblings.indexOf(holder.pair) : holder.index;
  const item = siblings[index];
  const [previous, next] = [siblings[index - 1], siblings[index + 1]];
  if (parent.flow) {
    const from = previous === undefined ? startOf(item) : endOf(previous);
    const to = previous === undefined && next !== undefined ? startOf(next) : endOf(item);
    return [spliced(text, from, to, '')];
  }
  const start = holder.in === 'map' ? startOf(item) : dashOf(text, startOf(item));
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const wholeLine = spliced(text, lineStart, behindLine(text, endOf(item)), '');
  const untilNext =
    next === undefined
      ? []
      : [spliced(text, start, holder.in === 'map' ? startOf(next) : dashOf(text, startOf(next)), '')];
  const empty = holder.in === 'map' ? '{}' : '[]';
  const column = columnOf(text, start);
  const gap = text[start - 1] === ' ' || start === lineStart ? '' : ' ';
  const only =
    siblings.length > 1
      ? []
      : [
          withoutFinal(
            text,
            spliced(text, upToKey(text, lineStart), behindLine(text, endOf(item)), ` ${empty}${eol(text)}`),
          ),
          spliced(
            text,
            lineStart,
            behindLine(text, endOf(item)),
            `${' '.repeat(column)}${empty}${eol(text)}`,
          ),
          spliced(text, start, endOf(item), gap + empty),
        ];
  return siblings.length > 1 ? [withoutFinal(text, wholeLine), ...untilNext] : only;
}

function replaced(text: string, { holder, node }: Place, value: Json): Candidates {
  const parent = holder.in === 'map' ? holder.map : holder.in === 'list' ? holder.list : undefined;
  const range = rangeOf(node);
  const [start, end] =
    holder.in === 'map' && range[0] === range[1]
      ? [afterColon(text, holder.pair), afterColon(text, holder.pair)]
      : range;
  if (parent?.flow)
    return scalars(value, text.slice(start, end)).map((word) => spliced(text, start, end, word));
  if (isFlat(value) && (isScalar(node) || isNode(node) === false) && !text.slice(start, end).includes('\n')) {
    const gap = /[:-]$/.test(text.slice(0, start)) ? ' ' : '';
    return scalars(value, text.slice(start, end)).map((word) => spliced(text, start, end, gap + word));
  }
  if (holder.in === 'map') {
    const keyEnd = rangeOf(holder.pair.key)[1];
    const column = columnOf(text, startOf(holder.pair));
    const own = block(text, { x: value }, column)
      .trimStart()
      .replace(/^"?x"?:/, '')
      .trimEnd();
    return [spliced(text, keyEnd, bareEnd(text, holder.pair), `:${own}`)];
  }
  if (holder.in === 'list') {
    const dash = dashOf(text, start);
    const own = block(text, [value], columnOf(text, dash)).trimStart().trimEnd();
    return [spliced(text, dash, bareEnd(text, node), own)];
  }
  return [filled(text, node, block(text, value, 0))];
}

function appended(text: string, { holder }: Place, value: Json): Candidates {
  if (holder.in !== 'list') return [];
  const { list } = holder;
  const last = list.items.at(-1);
  if (list.flow || last === undefined) {
    if (last !== undefined)
      return scalars(value, '').map((word) => spliced(text, endOf(last), endOf(last), `, ${word}`));
    const [start, end] = rangeOf(list);
    return scalars(value, '').map((word) => spliced(text, start, end, `[${word}]`));
  }
  const column = columnOf(text, dashOf(text, startOf(last)));
  return [lineInserted(text, endOf(last), block(text, [value], column))];
}

/** A scalar in the style of the one it replaces, and as JSON, which reads the same wherever it stands. */
function scalars(value: Json, old: string): readonly string[] {
  if (!isFlat(value) || typeof value !== 'string') return [JSON.stringify(value)];
  const json = JSON.stringify(value);
  if (old.startsWith('"')) return [json];
  const single = old.startsWith("'") && !/[\n\t]/.test(value) ? [`'${value.replaceAll("'", "''")}'`] : [];
  const plain = stringify(value, { lineWidth: 0 }).trimEnd();
  return [...single, ...(plain.includes('\n') || takesYamlQuotes(value) ? [] : [plain]), json];
}

/** A value as lines of block style, set in by a column; lists inside maps as the text has them. */
function block(text: string, value: Json, column: number): string {
  const indentSeq = !/^([ ]*)[^\s#-][^\n]*:[ ]*\r?\n\1- /m.test(text);
  const indent = Number(/^(?:[^\s#-][^\n]*:[ ]*)\r?\n([ ]+)[^\s-]/m.exec(text)?.[1]?.length ?? 2);
  const style = takesYamlQuotes(value) ? { defaultStringType: 'QUOTE_DOUBLE' as const } : {};
  return stringify(value, { lineWidth: 0, indentSeq, indent, ...style })
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? line : ' '.repeat(column) + line) + eol(text))
    .join('');
}

/** Puts whole lines behind the line of an offset. A last line without an end stays without one. */
function lineInserted(text: string, offset: number, lines: string): string {
  const at = behindLine(text, offset);
  if (at > 0 && text[at - 1] !== '\n')
    return text.slice(0, at) + eol(text) + lines.slice(0, lines.length - eol(text).length);
  return spliced(text, at, at, lines);
}

function flowInserted(text: string, last: unknown, inner: string): string {
  return spliced(text, endOf(last), endOf(last), `, ${inner}`);
}

/** An empty document, its comments kept. */
function filled(text: string, node: unknown, lines: string): string {
  const [start, end] = rangeOf(node);
  if (end > start) return spliced(text, start, end, lines.trimEnd());
  return text === '' || text.endsWith('\n') ? text + lines : text + eol(text) + lines;
}

/** The text lost its last line: the one that is last now ends as that did. */
function withoutFinal(before: string, after: string): string {
  return before.endsWith('\n') ? after : after.replace(/\r?\n$/, '');
}

function spliced(text: string, start: number, end: number, own: string): string {
  return text.slice(0, start) + own + text.slice(end);
}

/** The end of the last thing that belongs to a pair or an item; a block scalar has its line end with it. */
function endOf(item: unknown): number {
  if (isPair(item)) return Math.max(rangeOf(item.key)[1], isNode(item.value) ? endOf(item.value) : 0);
  if (isCollection(item) && !item.flow && item.items.length > 0) return endOf(item.items.at(-1));
  return rangeOf(item)[1];
}

/** The same, before any line end. */
function bareEnd(text: string, item: unknown): number {
  return text.slice(0, endOf(item)).trimEnd().length;
}

function startOf(item: unknown): number {
  if (isPair(item)) return rangeOf(item.key)[0];
  return isCollection(item) && !item.flow && !isSeq(item) ? startOf(item.items[0]) : rangeOf(item)[0];
}

/** Where the value of a pair that has none would be. */
function afterColon(text: string, pair: unknown): number {
  const end = isPair(pair) ? rangeOf(pair.key)[1] : 0;
  const colon = text.indexOf(':', end);
  return colon < 0 ? end : colon + 1;
}

/** The dash before an item of a list. */
function dashOf(text: string, start: number): number {
  return text.lastIndexOf('-', start - 1);
}

/** Behind the end of the line on which an offset is; what ends in a line end of its own (a block scalar) is there already. */
function behindLine(text: string, offset: number): number {
  if (offset > 0 && text[offset - 1] === '\n') return offset;
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : end + 1;
}

/** Behind the colon of the key on the line before, where that is all there is. */
function upToKey(text: string, lineStart: number): number {
  const before = text.slice(0, lineStart).trimEnd();
  return before.endsWith(':') ? before.length : lineStart;
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1);
}

function rangeOf(node: unknown): readonly [number, number] {
  const range = isNode(node) ? node.range : undefined;
  return range ? [range[0], range[1]] : [0, 0];
}

function isFlat(value: Json): boolean {
  return value === null || typeof value !== 'object';
}

function nest(path: YamlPath, value: Json): Json {
  return path.reduceRight<Json>((inner, key) => ({ [key]: inner }), value);
}

function eol(text: string): string {
  return lineEnd(text);
}
