import { randomBytes } from 'node:crypto';
import { plain } from './plain.ts';

/** Known to nobody but this process, so that nothing that is printed can be taken for a code of ours. */
const lead = `\u001b${randomBytes(9).toString('hex')}[`;
const code = new RegExp(`(${lead.replace('[', '\\[')}\\d*[mK])`);

/** A code for colours and weights (ECMA-48, SGR), as `terminalText` lets it through. */
export function sgr(parameter: number | string): string {
  return `${lead}${parameter}m`;
}

/** Empties the line that the cursor is in. */
export const emptyLine = `${lead}K`;

/** What is written to a terminal or a log: our own codes as they are, everything else made plain. */
export function terminalText(text: string): string {
  return text
    .split(code)
    .map((part, index) => (index % 2 === 0 ? plain(part) : released(part)))
    .join('');
}

/** The columns of a text; our codes take none. */
export function columnsOf(text: string): number {
  return text.split(code).reduce((sum, part, index) => sum + (index % 2 === 0 ? part.length : 0), 0);
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
  const text = `\u001b[${part.slice(lead.length)}`;
  return part === emptyLine ? `\r${text}` : text;
}
