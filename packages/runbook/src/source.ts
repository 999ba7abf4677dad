import type { Position } from '@claw-run/core';

/** The text of a file, and where its lines start. */
export interface Source {
  readonly file: string;
  readonly text: string;
  readonly lineStarts: readonly number[];
}

/** A piece of a file: offsets in UTF-16 units, the end excluded. */
export interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** Prepares a text for positions. */
export function sourceOf(file: string, text: string): Source {
  const lineStarts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1);
  return { file, text, lineStarts };
}

/** The one-based line and column of an offset; columns count UTF-16 units, as editors do. */
export function positionOf(source: Source, offset: number): Position {
  const line = lineIndexOf(source, offset);
  return { file: source.file, line: line + 1, column: offset - (source.lineStarts[line] ?? 0) + 1 };
}

/** The zero-based index of the line that holds an offset. */
export function lineIndexOf(source: Source, offset: number): number {
  let low = 0;
  let high = source.lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((source.lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The text of a line without its line break. */
export function lineText(source: Source, index: number): string {
  const start = source.lineStarts[index] ?? 0;
  const end = source.lineStarts[index + 1] ?? source.text.length + 1;
  return source.text.slice(start, end - 1).replace(/\r$/, '');
}
