import { lineIndexOf, lineText, type Span } from './source.ts';
import { columnsOf } from './width.ts';

const widest = 100;
const tab = '  ';

interface Cell {
  readonly text: string;
  readonly columns: number;
  readonly marked: boolean;
}

/** The line of a span with its number, and carets below the span; a long line is cut around them. */
export function excerptOf(span: Span): string {
  const { source } = span;
  const index = lineIndexOf(source, span.start);
  const from = span.start - (source.lineStarts[index] ?? 0);
  const cells = cut(cellsOf(lineText(source, index), from, from + Math.max(1, span.end - span.start)));
  const number = String(index + 1).padStart(4);
  const line = cells.map((cell) => cell.text).join('');
  const carets = cells.map((cell) => (cell.marked ? '^' : ' ').repeat(cell.columns)).join('');
  const gutter = ' '.repeat(number.length);
  return [`${number} | ${line}`.trimEnd(), `${gutter} | ${carets}`.trimEnd()].join('\n');
}

function cellsOf(line: string, from: number, to: number): readonly Cell[] {
  const cells: Cell[] = [];
  let at = 0;
  for (const character of line) {
    const text = printable(character);
    const columns = text === character ? columnsOf(character) : text.length;
    cells.push({ text, columns, marked: at >= from && at < to });
    at += character.length;
    // A line longer than this is cut anyway, and nobody needs the rest of a megabyte to place the caret.
    if (at > to + widest && at > 2 * widest) break;
  }
  if (from >= at) cells.push({ text: ' ', columns: 1, marked: true });
  return cells;
}

// Control characters would let a file draw on the terminal of whoever reads the problem.
function printable(character: string): string {
  if (character === '\t') return tab;
  return /^[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]$/u.test(character)
    ? '\ufffd'
    : character;
}

function cut(cells: readonly Cell[]): readonly Cell[] {
  const total = cells.reduce((sum, cell) => sum + cell.columns, 0);
  if (total <= widest) return cells;
  const caret = Math.max(
    0,
    cells.findIndex((cell) => cell.marked),
  );
  const start = caret < widest - 30 ? 0 : caret - 40;
  const end = start + widest - 2;
  const dots: Cell = { text: '…', columns: 1, marked: false };
  return [...(start > 0 ? [dots] : []), ...cells.slice(start, end), ...(end < cells.length ? [dots] : [])];
}
