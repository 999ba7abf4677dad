import type { ErrorCode } from 'yaml';
import type { Problems } from './problems.ts';
import { lineIndexOf, lineText, type Source } from './source.ts';

interface YamlFault {
  readonly code: ErrorCode;
  readonly message: string;
  readonly pos: readonly [number, number];
}

const quoteIt = "a value that holds `${{ }}`, `: `, ` #` or starts with a quote must be quoted: `'…'`";

const texts: { readonly [code in ErrorCode]?: readonly [message: string, hint?: string] } = {
  TAB_AS_INDENT: ['a tab is used as indentation', 'YAML wants blanks: two a level'],
  BAD_INDENT: ['the indentation does not fit', 'keys of one map start in one column; close every [ and {'],
  BAD_SCALAR_START: ['a plain value cannot start with this character', 'quote the value'],
  BLOCK_AS_IMPLICIT_KEY: [
    'a map stands where one value is due',
    'is the indentation right? Quote text with `: ` in it',
  ],
  MULTILINE_IMPLICIT_KEY: ['a key goes over several lines', 'is a `:` missing, or the indentation wrong?'],
  MISSING_CHAR: ['something is missing here'],
  BAD_DQ_ESCAPE: [
    'unknown escape in a double-quoted text',
    "write `\\\\` for a backslash, or use single quotes: `'…'`",
  ],
  KEY_OVER_1024_CHARS: ['a key has more than 1024 characters'],
  MULTIPLE_ANCHORS: ['a value has two anchors'],
  MULTIPLE_TAGS: ['a value has two tags'],
};

/** Tells the faults of one document, in our words; what follows from a fault on the same line is left out. */
export function addYamlFaults(source: Source, faults: readonly YamlFault[], problems: Problems): void {
  const lines = new Set<number>();
  for (const fault of faults) {
    const start = Math.min(fault.pos[0], source.text.length);
    const line = lineIndexOf(source, start);
    if (lines.has(line)) continue;
    lines.add(line);
    const [message, hint] = texts[fault.code] ?? [];
    const expression = lineText(source, line).includes('${{') && fault.code !== 'TAB_AS_INDENT';
    const said = message === undefined || fault.code === 'MISSING_CHAR' ? undefined : message;
    const own = expression ? 'this value must be quoted' : said;
    const span = { source, start, end: Math.max(start + 1, Math.min(fault.pos[1], start + 80)) };
    problems.add(
      span,
      `this is not YAML: ${own ?? lowerFirst(fault.message)}`,
      hintFor(source, line, hint),
      'runbook-syntax',
    );
  }
}

function hintFor(source: Source, line: number, hint: string | undefined): string | undefined {
  const text = lineText(source, line).slice(0, 500);
  if (text.includes('${{')) return quoteIt;
  if (/:\s+["'].*["']\s*\S/.test(text)) return quoteIt;
  return hint;
}

function lowerFirst(text: string): string {
  const line = text.split('\n')[0] ?? text;
  return line.charAt(0).toLowerCase() + line.slice(1);
}
