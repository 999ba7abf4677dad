import { columnsOf, sgr } from './terminal.ts';

export { plain, plainJson } from './plain.ts';

/** How text is marked; without colour the text alone. */
export type Style = { readonly [name in StyleName]: (text: string) => string };

type StyleName = keyof typeof codes;

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  cyan: [36, 39],
} as const;

/** The styles of one stream. */
export function createStyle(color: boolean): Style {
  const entries = Object.entries(codes).map(([name, [on, off]]) => [
    name,
    (text: string) => (color && text !== '' ? `${sgr(on)}${text}${sgr(off)}` : text),
  ]);
  return Object.fromEntries(entries) as Style;
}

/** Marks a text by a parameter of SGR. */
export function paint(parameter: string, text: string): string {
  return `${sgr(parameter)}${text}${sgr(0)}`;
}

/**
 * Breaks text at words; later lines begin with `indent` spaces. Words longer than a line stay whole, and so does a line that begins with four spaces: it is
 * there to be copied.
 */
export function wrap(text: string, width: number, indent = 0): string {
  const pad = ' '.repeat(indent);
  return text
    .split('\n')
    .map((line) =>
      line.startsWith('    ') ? line : wrapLine(line, Math.max(width - indent, 20)).join(`\n${pad}`),
    )
    .join(`\n${pad}`);
}

/** `40 ms`, `0.4 s`, `12 s`, `3 min 5 s` */
export function seconds(ms: number): string {
  if (ms < 100) return `${ms} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const whole = Math.round(ms / 1000);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** A moment of a journal, as `2026-01-02 03:04:05 UTC`. */
export function moment(iso: string): string {
  return iso.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC');
}

/** `1 change`, `3 changes` */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function wrapLine(line: string, width: number): readonly string[] {
  const lead = /^ */.exec(line)?.[0] ?? '';
  const lines: string[] = [];
  let current = lead;
  for (const word of line.slice(lead.length).split(' ')) {
    if (current.trim() !== '' && columnsOf(current) + 1 + columnsOf(word) > width) {
      lines.push(current);
      current = word;
    } else {
      current = current.trim() === '' ? `${current}${word}` : `${current} ${word}`;
    }
  }
  return [...lines, current];
}
