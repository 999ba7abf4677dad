import type { Span } from './source.ts';
import type { ScalarTree } from './tree.ts';

/**
 * The place in the file of a piece of a scalar's value. Where quoting or folding hides which character came from where,
 * the whole scalar.
 */
export function spanInScalar(scalar: ScalarTree, from: number, to: number): Span {
  const { source } = scalar;
  const offsets = offsetsOf(scalar);
  const start = offsets?.[from];
  if (offsets === undefined || start === undefined) return firstLineOf(scalar);
  const last = offsets[Math.max(from, to - 1)] ?? start;
  return { source, start, end: Math.max(start + 1, last + 1) };
}

const known = new WeakMap<ScalarTree, readonly number[] | undefined>();

// A text with many expressions asks once for each.
function offsetsOf(scalar: ScalarTree): readonly number[] | undefined {
  if (!known.has(scalar)) known.set(scalar, findOffsets(scalar));
  return known.get(scalar);
}

function firstLineOf(scalar: ScalarTree): Span {
  const { source, start, end } = scalar;
  const text = source.text.slice(start, end);
  const line = text.indexOf('\n');
  return { source, start, end: Math.max(start + 1, line === -1 ? end : start + line) };
}

/** For each character of the value the offset of the first character of the file that stands for it. */
function findOffsets(scalar: ScalarTree): readonly number[] | undefined {
  if (typeof scalar.value !== 'string')
    return [...Array(scalar.end - scalar.start + 1).keys()].map((n) => scalar.start + n);
  const { style, value, start } = scalar;
  const quote = style === 'single' || style === 'double';
  const walk: Walk = {
    text: scalar.source.text,
    at: quote ? start + 1 : start,
    end: scalar.end,
    style,
    value,
    indent: indentOf(scalar),
  };
  if (style === 'literal' || style === 'folded') skipHeader(walk);
  const offsets: number[] = [];
  for (let index = 0; index < value.length; ) {
    const step = match(walk, index);
    if (step === undefined) return undefined;
    for (let unit = 0; unit < step.characters; unit++) offsets.push(step.offset);
    index += step.characters;
  }
  offsets.push(Math.min(walk.at, scalar.end));
  return offsets;
}

interface Walk {
  readonly text: string;
  at: number;
  readonly end: number;
  readonly style: ScalarTree['style'];
  readonly value: string;
  /** How many blanks of each line are not part of a block scalar's value; all, in other styles. */
  readonly indent: number;
}

interface Matched {
  readonly offset: number;
  readonly characters: number;
}

function skipHeader(walk: Walk): void {
  const line = walk.text.indexOf('\n', walk.at);
  walk.at = line === -1 ? walk.end : line + 1;
  skipBlanks(walk);
}

function skipBlanks(walk: Walk): void {
  const most = walk.at + walk.indent;
  while (walk.at < Math.min(walk.end, most) && /[ \t]/.test(walk.text[walk.at] ?? '')) walk.at++;
}

function indentOf({ source, start, end, style }: ScalarTree): number {
  if (style !== 'literal' && style !== 'folded') return Number.POSITIVE_INFINITY;
  return /\n(?:[ \t]*\r?\n)*( *)/.exec(source.text.slice(start, end))?.[1]?.length ?? 0;
}

function match(walk: Walk, index: number): Matched | undefined {
  const { text, style, value } = walk;
  const wanted = value[index];
  const here = text[walk.at];
  if (walk.at >= walk.end || wanted === undefined || here === undefined) return undefined;
  const offset = walk.at;
  if (here === '\n' || here === '\r') return lineBreak(walk, wanted);
  if (style === 'double' && here === '\\') return escaped(walk, index);
  if (style === 'single' && here === "'" && text[walk.at + 1] === "'" && wanted === "'") {
    walk.at += 2;
    return { offset, characters: 1 };
  }
  if (here === wanted) {
    walk.at++;
    return { offset, characters: 1 };
  }
  // Blanks before a folded line break are not part of the value.
  const blanks = /^[ \t]+(?=\r?\n)/.exec(text.slice(walk.at, walk.at + 200))?.[0];
  if (blanks === undefined) return undefined;
  walk.at += blanks.length;
  return lineBreak(walk, wanted);
}

/** A line break stands for itself, or folded for a blank, or, one of several, for nothing. */
function lineBreak(walk: Walk, wanted: string): Matched | undefined {
  const offset = walk.at;
  if (wanted !== ' ' && wanted !== '\n') return undefined;
  walk.at += walk.text[walk.at] === '\r' ? 2 : 1;
  const folds = walk.style !== 'literal';
  // n breaks fold to n - 1: the first is passed over together with the second.
  const second = /^[ \t]*\r?\n/.exec(walk.text.slice(walk.at, Math.min(walk.at + 200, walk.end)))?.[0];
  if (folds && second !== undefined && wanted === '\n') walk.at += second.length;
  if (!/^[ \t]*\r?\n/.test(walk.text.slice(walk.at, walk.at + 200))) skipBlanks(walk);
  return { offset, characters: 1 };
}

const escapes: { readonly [character: string]: string } = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  '/': '/',
  '\\': '\\',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
};

function escaped(walk: Walk, index: number): Matched | undefined {
  const offset = walk.at;
  const name = walk.text[walk.at + 1] ?? '';
  const digits = { x: 2, u: 4, U: 8 }[name];
  const meant =
    digits === undefined ? escapes[name] : character(walk.text.slice(walk.at + 2, walk.at + 2 + digits));
  if (meant === undefined || !walk.value.startsWith(meant, index)) return undefined;
  walk.at += 2 + (digits ?? 0);
  return { offset, characters: meant.length };
}

function character(hex: string): string | undefined {
  const code = Number.parseInt(hex, 16);
  return Number.isNaN(code) || code > 0x10ffff ? undefined : String.fromCodePoint(code);
}
