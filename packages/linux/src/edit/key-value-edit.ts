import { type Edit, type Line, lineEnd, linesOf, textOfLines, withLine, withoutLines } from './edit.ts';

/** `shell`: an assignment as in /etc/default, quoted where it has to be. `plain`: the rest of the line, as in sysctl.conf. */
export type KeyValueFormat = 'shell' | 'plain';

export interface KeyValueChange {
  readonly key: string;
  /** Nothing to take the key away. */
  readonly value: string | undefined;
  readonly format: KeyValueFormat;
  /** Put `export` before a new assignment. */
  readonly exported: boolean;
}

type Problem = Exclude<Edit, { readonly text: string }>;

/** Sets or takes away one key; comments, order, spacing and quotes stay. */
export function editKeyValue(text: string, change: KeyValueChange): Edit {
  const { key, value, format } = change;
  const lines = linesOf(text);
  const found = find(lines, key, format);
  if ('problem' in found) return found;
  if (value === undefined)
    return found.at === undefined ? { text } : { text: textOfLines(withoutLines(lines, [found.at])) };
  if (found.at === undefined) {
    const head = change.exported
      ? `export ${key}=`
      : `${key}${format === 'plain' ? separatorOf(lines) : '='}`;
    const line = head + (format === 'plain' ? value : quoted(value, ''));
    return { text: textOfLines(withLine(lines, lines.length, line, lineEnd(text))) };
  }
  if (found.value === value) return { text };
  const old = lines[found.at] ?? { text: '', end: '' };
  const word = format === 'plain' ? value : quoted(value, found.word);
  return { text: textOfLines(lines.with(found.at, { text: found.head + word + found.tail, end: old.end })) };
}

/** The value of a key, nothing where it is not set, or why it cannot be told. */
export function keyValue(
  text: string,
  { key, format }: Pick<KeyValueChange, 'key' | 'format'>,
): { readonly value: string | undefined } | Problem {
  const found = find(linesOf(text), key, format);
  return 'problem' in found ? found : { value: found.at === undefined ? undefined : found.value };
}

type Found =
  | { readonly at: undefined }
  | {
      readonly at: number;
      readonly head: string;
      readonly word: string;
      readonly tail: string;
      readonly value: string;
    };

function find(lines: readonly Line[], key: string, format: KeyValueFormat): Found | Problem {
  const name = key.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const head = new RegExp(
    format === 'shell' ? `^(\\s*(?:export\\s+)?${name}=)(.*)$` : `^(\\s*${name}\\s*=[ \\t]*)(.*)$`,
  );
  const hits = lines.flatMap((line, at) => {
    const parts = head.exec(line.text);
    return parts === null ? [] : [{ at, head: parts[1] ?? '', rest: parts[2] ?? '' }];
  });
  const [hit, again] = hits;
  if (hit === undefined) return { at: undefined };
  if (again !== undefined) return { problem: `${key} is set twice`, line: again.at + 1, column: 1 };
  if (format === 'plain') {
    const value = hit.rest.trimEnd();
    return { ...hit, word: value, tail: hit.rest.slice(value.length), value };
  }
  const parts = shellWord.exec(hit.rest);
  if (parts === null)
    return {
      problem: `the value of ${key} is more than one plain or quoted word`,
      line: hit.at + 1,
      column: hit.head.length + 1,
    };
  const [, word = '', tail = ''] = parts;
  return { at: hit.at, head: hit.head, word, tail, value: unquoted(word) };
}

/** One word without expansions, and what follows: space, a comment. */
const shellWord = /^('[^']*'|"(?:[^"\\$`]|\\["\\$`])*"|[\w%+,./:@=-]*)((?:\s+(?:#.*)?)?)$/;

function unquoted(word: string): string {
  if (word.startsWith("'")) return word.slice(1, -1);
  return word.startsWith('"') ? word.slice(1, -1).replaceAll(/\\(["\\$`])/g, '$1') : word;
}

/** A word in the quotes that the old one had, or in the fewest that will do. */
function quoted(value: string, old: string): string {
  const double = `"${value.replaceAll(/["\\$`]/g, '\\$&')}"`;
  if (old.startsWith('"')) return double;
  if (old.startsWith("'") && !value.includes("'")) return `'${value}'`;
  return /^[\w%+,./:@=-]*$/.test(value) && old === '' ? value : plainOr(value, double);
}

function plainOr(value: string, double: string): string {
  return /^[\w%+,./:@=-]+$/.test(value) ? value : double;
}

function separatorOf(lines: readonly Line[]): string {
  for (const { text } of lines.toReversed()) {
    const separator = /^\s*[^\s#;=]+(\s*=[ \t]*)/.exec(text)?.[1];
    if (separator !== undefined) return separator;
  }
  return '=';
}
