/** A piece of a text: as it stands, or an expression in `${{ }}`. Offsets are into the text. */
export type Piece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'expression'; readonly text: string; readonly start: number; readonly end: number };

export type Template =
  | { readonly ok: true; readonly pieces: readonly Piece[] }
  | { readonly ok: false; readonly start: number; readonly end: number };

/** Cuts a text at its `${{ }}`. Braces and quotes inside an expression are respected. Not ok: one is not closed. */
export function cutTemplate(text: string): Template {
  const pieces: Piece[] = [];
  let at = 0;
  for (;;) {
    const open = text.indexOf('${{', at);
    if (open === -1) break;
    const close = closingOf(text, open + 3);
    if (close === undefined) return { ok: false, start: open, end: text.length };
    if (open > at) pieces.push({ type: 'text', text: text.slice(at, open) });
    pieces.push({ type: 'expression', ...trimmed(text, open + 3, close) });
    at = close + 2;
  }
  if (at < text.length || pieces.length === 0) pieces.push({ type: 'text', text: text.slice(at) });
  return { ok: true, pieces };
}

function trimmed(text: string, start: number, end: number) {
  const inside = text.slice(start, end);
  const from = start + (inside.length - inside.trimStart().length);
  const to = Math.max(from, end - (inside.length - inside.trimEnd().length));
  return { text: text.slice(from, to), start: from, end: to };
}

function closingOf(text: string, from: number): number | undefined {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === '"' || character === "'") at = endOfString(text, at) - 1;
    else if (character === '{') depth++;
    else if (character === '}' && depth > 0) depth--;
    else if (character === '}' && text[at + 1] === '}') return at;
  }
  return undefined;
}

/** Where the CEL string that starts at a quote ends (after its closing quote). */
export function endOfString(text: string, start: number): number {
  const quote = text[start] ?? '"';
  const raw = /[rR]/.test(text[start - 1] ?? '') && !/\w/.test(text[start - 2] ?? ' ');
  const triple = text.startsWith(quote.repeat(3), start);
  const closing = triple ? quote.repeat(3) : quote;
  for (let at = start + closing.length; at < text.length; at++) {
    if (text[at] === '\\' && !raw) at++;
    else if (text.startsWith(closing, at)) return at + closing.length;
  }
  return text.length;
}
