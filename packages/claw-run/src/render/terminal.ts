import { plain } from './plain.ts';

const [zero, ends] = [0xfdd0, '\ufdda'];

/** How our codes are written until they reach the terminal. */
interface Codes {
  /** What each begins with. */
  readonly lead: string;
  /** Finds them, and keeps them in what `split` gives. */
  readonly pattern: RegExp;
}

let made: Codes | undefined;

/**
 * Known to nobody but this process, so that nothing that is printed can be taken for a code of ours. Of noncharacters alone, so that no secret that is taken
 * out of a text is a part of it. Made when first used: without colours nothing pays for it.
 */
function codes(): Codes {
  if (made !== undefined) return made;
  const bytes = process.getBuiltinModule('node:crypto').randomBytes(20);
  const lead = String.fromCharCode(...Array.from(bytes, (byte) => 0xfde0 + (byte & 0xf)));
  made = { lead, pattern: new RegExp(`(${lead}[\ufdd0-\ufdd9]*${ends})`) };
  return made;
}

/** A code for colours and weights (ECMA-48, SGR), as `terminalText` lets it through. */
export function sgr(parameter: number | string): string {
  const digits = [...String(parameter)].map((digit) => String.fromCharCode(zero + Number(digit)));
  return `${codes().lead}${digits.join('')}${ends}`;
}

/** Empties the line that the cursor is in. */
export function emptyLine(): string {
  return `${codes().lead}${ends}`;
}

/** What is written to a terminal or a log: our own codes as they are, everything else made plain. */
export function terminalText(text: string): string {
  return partsOf(text)
    .map((part, index) => (index % 2 === 0 ? plain(part) : released(part)))
    .join('');
}

/** The text without our codes. */
export function unpainted(text: string): string {
  return partsOf(text)
    .filter((_, index) => index % 2 === 0)
    .join('');
}

/** The columns of a text; our codes take none. */
export function columnsOf(text: string): number {
  return unpainted(text).length;
}

/** At most so many columns of a line, its end cut and marked; our codes stay. */
export function cutLine(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let left = columns - 1;
  const parts = partsOf(text).map((part, index) => {
    if (index % 2 === 1) return part;
    const kept = part.slice(0, left);
    const mark = kept.length < part.length && left > 0 ? '…' : '';
    left -= kept.length;
    if (mark !== '') left = 0;
    return `${kept}${mark}`;
  });
  return parts.join('');
}

/** Texts and our codes in turn. */
function partsOf(text: string): readonly string[] {
  return made === undefined ? [text] : text.split(made.pattern);
}

function released(part: string): string {
  const digits = [...part.slice(codes().lead.length, -ends.length)];
  if (digits.length === 0) return '\r\u001b[K';
  return `\u001b[${digits.map((digit) => digit.charCodeAt(0) - zero).join('')}m`;
}
