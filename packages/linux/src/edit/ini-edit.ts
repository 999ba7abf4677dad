import { type Edit, type Line, lineEnd, linesOf, textOfLines, withLine, withoutLines } from './edit.ts';

export interface IniChange {
  /** Nothing for the keys above the first section. */
  readonly section: string | undefined;
  readonly key: string;
  /** Nothing to take the key away. */
  readonly value: string | undefined;
}

interface Found {
  /** Index of the line that opens the section; -1 for the part above the first. */
  readonly opens: number;
  /** Index behind its last line. */
  readonly ends: number;
  readonly keys: readonly number[];
}

/** Sets or takes away one key of one section; comments, order and spacing stay. */
export function editIni(text: string, change: IniChange): Edit {
  const lines = linesOf(text);
  const found = find(lines, change);
  if ('problem' in found) return found;
  const [at] = found.keys;
  if (change.value === undefined)
    return at === undefined ? { text } : { text: textOfLines(withoutLines(lines, [at])) };
  if (at !== undefined) {
    const line = lines[at] ?? { text: '', end: '' };
    const [, head = '', old = ''] = entry.exec(line.text) ?? [];
    if (old.trimEnd() === change.value) return { text };
    const gap = old === '' && !/\s$/.test(head) && /\s[=:]$/.test(head) ? ' ' : '';
    return { text: textOfLines(lines.with(at, { text: head + gap + change.value, end: line.end })) };
  }
  return { text: textOfLines(added(lines, found, { ...change, value: change.value }, lineEnd(text))) };
}

/** The value of a key, nothing where it is not set, or why it cannot be told. */
export function iniValue(
  text: string,
  { section, key }: Omit<IniChange, 'value'>,
): { readonly value: string | undefined } | Exclude<Edit, { text: string }> {
  const lines = linesOf(text);
  const found = find(lines, { section, key, value: undefined });
  if ('problem' in found) return found;
  const line = found.keys[0] === undefined ? undefined : lines[found.keys[0]];
  return { value: line === undefined ? undefined : (entry.exec(line.text)?.[2] ?? '').trimEnd() };
}

const header = /^\s*\[([^\]]*)\]\s*(?:[#;].*)?$/;
const entry = /^(\s*[^\s=:#;[][^=:]*?\s*[=:][ \t]*)(.*)$/;

function find(
  lines: readonly Line[],
  { section, key, value }: IniChange,
): Found | Exclude<Edit, { readonly text: string }> {
  const opened = lines.flatMap((line, index) => {
    const name = header.exec(line.text)?.[1];
    return name === undefined ? [] : [{ name: name.trim(), index }];
  });
  const mine = opened.filter(({ name }) => name === section);
  const [first, second] = mine;
  if (second !== undefined)
    return { problem: `the section [${section}] is there twice`, line: second.index + 1, column: 1 };
  const opens = section === undefined ? -1 : (first?.index ?? lines.length);
  const ends = opened.find(({ index }) => index > opens)?.index ?? lines.length;
  const own = ownLines(lines, opens, ends);
  if ('problem' in own) return own;
  const keys = own.indexes.filter((index) => keyOf(lines[index]?.text ?? '') === key);
  const [at, again] = keys;
  const problemAt = (index: number, problem: string) => ({ problem, line: index + 1, column: 1 });
  if (again !== undefined) return problemAt(again, `the key ${key} is there twice`);
  if (at !== undefined && (continues(lines, at) || opensBraces(lines[at]?.text ?? '')))
    return problemAt(at, `the value of ${key} goes on over several lines`);
  const bare = own.indexes.find((index) => lines[index]?.text.trim() === key);
  if (bare !== undefined) return problemAt(bare, `${key} is there without a value: as a flag, it seems`);
  if (at !== undefined && /\S\s+[#;]/.test(entry.exec(lines[at]?.text ?? '')?.[2] ?? ''))
    return problemAt(
      at,
      `what is behind the value of ${key} is a comment to some readers, and a part of it to others`,
    );
  if (at === undefined && value !== undefined && own.braces !== undefined)
    return problemAt(
      own.braces,
      `${section === undefined ? 'this' : `[${section}]`} has parts in braces: a key is not put beside them`,
    );
  return { opens: section !== undefined && first === undefined ? -2 : opens, ends, keys };
}

/** The lines of a section that are its own: in krb5.conf, `name = {` opens a part of it that ends with `}`. */
function ownLines(
  lines: readonly Line[],
  opens: number,
  ends: number,
):
  | { readonly indexes: readonly number[]; readonly braces: number | undefined }
  | Exclude<Edit, { readonly text: string }> {
  const indexes: number[] = [];
  const open: number[] = [];
  let braces: number | undefined;
  for (let index = opens + 1; index < ends; index += 1) {
    const { text } = lines[index] ?? { text: '' };
    if (comment.test(text)) continue;
    if (open.length === 0) indexes.push(index);
    if (opensBraces(text)) {
      open.push(index);
      braces ??= index;
    }
    if (/^\s*\}\*?\s*$/.test(text)) open.pop();
  }
  const [never] = open;
  if (never !== undefined) return { problem: 'a brace is never closed', line: never + 1, column: 1 };
  return { indexes, braces };
}

function opensBraces(text: string): boolean {
  return /=\s*\{\s*$/.test(text);
}

function added(
  lines: readonly Line[],
  found: Found,
  change: IniChange & { readonly value: string },
  end: string,
): readonly Line[] {
  if (found.opens === -2) {
    const gap =
      lines.length === 0 || lines.at(-1)?.text.trim() === '' ? lines : withLine(lines, lines.length, '', end);
    const open = withLine(gap, gap.length, `[${change.section}]`, end);
    return withLine(open, open.length, `${change.key}${separatorOf(lines)}${change.value}`, end);
  }
  const inside = lines.slice(found.opens + 1, found.ends);
  const last = inside.findLastIndex((line) => entry.test(line.text) && !comment.test(line.text));
  const sibling = inside[last]?.text ?? '';
  const indent = /^\s*/.exec(sibling)?.[0] ?? '';
  const after = last < 0 ? found.opens + 1 : found.opens + 2 + last + continuation(inside, last);
  const line = `${indent}${change.key}${separatorOf(sibling === '' ? lines : inside)}${change.value}`;
  return withLine(lines, after, line, end);
}

const comment = /^\s*[#;]/;

function keyOf(text: string): string | undefined {
  if (comment.test(text) || header.test(text)) return undefined;
  return entry
    .exec(text)?.[1]
    ?.replace(/[=:][ \t]*$/, '')
    .trim();
}

/** Whether a value goes on in the next line: a backslash ends it, or the next one is indented more. */
function continues(lines: readonly Line[], at: number): boolean {
  return continuation(lines, at) > 0 || /\\$/.test(lines[at]?.text ?? '');
}

/** How many of the following lines belong to the value. */
function continuation(lines: readonly Line[], at: number): number {
  const own = /^\s*/.exec(lines[at]?.text ?? '')?.[0].length ?? 0;
  let count = 0;
  for (let next = lines[at + 1]; next !== undefined; next = lines[at + 1 + count]) {
    const backslash = /\\$/.test(lines[at + count]?.text ?? '');
    const indent = /^\s*/.exec(next.text)?.[0].length ?? 0;
    const deeper = next.text.trim() !== '' && !comment.test(next.text) && indent > own;
    if (!backslash && !deeper) break;
    count += 1;
  }
  return count;
}

/** How the others write it: ` = ` or `=`. */
function separatorOf(lines: readonly Line[]): string {
  const texts = lines.filter(({ text }) => !comment.test(text)).map(({ text }) => text);
  for (const text of texts.toReversed()) {
    const separator = /^\s*[^\s=:#;[][^=:]*?(\s*[=:][ \t]*)/.exec(text)?.[1];
    if (separator !== undefined && !header.test(text)) return separator;
  }
  return ' = ';
}
