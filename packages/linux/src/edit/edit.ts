/** The text after an edit, or why it cannot be edited and where (one-based). */
export type Edit =
  | { readonly text: string }
  | { readonly problem: string; readonly line: number; readonly column: number };

/** One line and what ends it: `\n`, `\r\n`, or nothing at the end of a file. */
export interface Line {
  readonly text: string;
  readonly end: string;
}

/** The lines of a text; none is lost, so that joining them gives the text. */
export function linesOf(text: string): readonly Line[] {
  return (text.match(/[^\n]*\n|[^\n]+/g) ?? []).map((raw) => {
    const end = raw.endsWith('\r\n') ? '\r\n' : raw.endsWith('\n') ? '\n' : '';
    return { text: raw.slice(0, raw.length - end.length), end };
  });
}

export function textOfLines(lines: readonly Line[]): string {
  return lines.map(({ text, end }) => text + end).join('');
}

/** How the lines of a text end: as its first one does. */
export function lineEnd(text: string): '\n' | '\r\n' {
  return /^[^\n]*\r\n/.test(text) ? '\r\n' : '\n';
}

/** Lines with another put in at an index; a file whose last line has no end keeps it so. */
export function withLine(lines: readonly Line[], index: number, text: string, end: string): readonly Line[] {
  const last = lines.at(-1);
  if (index < lines.length || last === undefined || last.end !== '')
    return lines.toSpliced(index, 0, { text, end });
  return [...lines.slice(0, -1), { ...last, end }, { text, end: '' }];
}

/** Lines without those at some indexes; a file whose last line had no end keeps it so. */
export function withoutLines(lines: readonly Line[], indexes: readonly number[]): readonly Line[] {
  const kept = lines.filter((_, index) => !indexes.includes(index));
  const last = kept.at(-1);
  return last === undefined || lines.at(-1)?.end !== '' ? kept : kept.with(-1, { ...last, end: '' });
}

/** An edit of the text behind a byte order mark, which stays. */
export function behindMark(text: string, edit: (text: string) => Edit): Edit {
  if (!text.startsWith('\uFEFF')) return edit(text);
  const edited = edit(text.slice(1));
  return 'text' in edited ? { text: `\uFEFF${edited.text}` } : edited;
}

/** The one-based place of an offset. */
export function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - (before.lastIndexOf('\n') + 1) + 1 };
}
