import { randomBytes } from 'node:crypto';
import { plain } from './plain.ts';

/**
 * Known to nobody but this process, so that nothing that is printed can be taken for a code of ours. Of noncharacters alone, so that no secret that is taken
 * out of a text is a part of it.
 */
const lead = String.fromCharCode(...Array.from(randomBytes(20), (byte) => 0xfde0 + (byte & 0xf)));
const [zero, ends] = [0xfdd0, '\ufdda'];
const code = new RegExp(`(${lead}[\ufdd0-\ufdd9]*${ends})`);

/** A code for colours and weights (ECMA-48, SGR), as `terminalText` lets it through. */
export function sgr(parameter: number | string): string {
  const digits = [...String(parameter)].map((digit) => String.fromCharCode(zero + Number(digit)));
  return `${lead}${digits.join('')}${ends}`;
}

/** Empties the line that the cursor is in. */
export const emptyLine = `${lead}${ends}`;

/** What is written to a terminal or a log: our own codes as they are, everything else made plain. */
export function terminalText(text: string): string {
  return text
    .split(code)
    .map((part, index) => (index % 2 === 0 ? plain(part) : released(part)))
    .join('');
}

/** The text without our codes. */
export function unpainted(text: string): string {
  return text
    .split(code)
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
  const parts = text.split(code).map((part, index) => {
    if (index % 2 === 1) return part;
    const kept = part.slice(0, left);
    const mark = kept.length < part.length && left > 0 ? '…' : '';
    left -= kept.length;
    if (mark !== '') left = 0;
    return `${kept}${mark}`;
  });
  return parts.join('');
}

function released(part: string): string {
  if (part === emptyLine) return '\r\u001b[K';
  const digits = [...part.slice(lead.length, -ends.length)].map((digit) => digit.charCodeAt(0) - zero);
  return `\u001b[${digits.join('')}m`;
}
