import { lineEnd, linesOf, textOfLines, withoutLines } from '../edit/edit.ts';
import type { NftChain } from '../facts/firewall.ts';
import type { Knock } from '../facts/nft-rules.ts';

/** The ruleset file with a rule put first in a chain; nothing where the chain is not written there line by line. */
export function withRule(text: string, chain: NftChain, rule: string): string | undefined {
  const lines = linesOf(text);
  const opens = openingOf(
    lines.map((line) => line.text),
    chain,
  );
  if (opens === undefined) return undefined;
  const header = lines.findIndex(
    (line, index) =>
      index > opens &&
      !/^\s*(type|policy|comment|devices?|flags)\b/.test(line.text) &&
      line.text.trim() !== '',
  );
  const last = lines.slice(opens, header).findLastIndex(({ text: line }) => line.trim() !== '');
  if (header < 0 || !lines.slice(opens + 1, header).some((line) => /^\s*type\b/.test(line.text)))
    return undefined;
  const before = lines[opens + last];
  const indent = /^\s*/.exec(before?.text ?? '')?.[0] ?? '';
  return textOfLines(lines.toSpliced(opens + last + 1, 0, { text: indent + rule, end: lineEnd(text) }));
}

/** Whether the file puts a rule into a chain. */
export function fileHasRule(text: string, chain: NftChain, rule: string): boolean {
  const lines = linesOf(text).map((line) => line.text.trim());
  const opens = openingOf(lines, chain);
  if (opens === undefined) return false;
  const closes = lines.findIndex((line, index) => index > opens && line === '}');
  return lines.slice(opens, closes < 0 ? undefined : closes).includes(rule);
}

/** The ruleset file without the lines of a chain that are one of some rules. */
export function withoutRules(text: string, chain: NftChain, rules: readonly string[]): string {
  const lines = linesOf(text);
  const plain = lines.map((line) => line.text.trim());
  const opens = openingOf(plain, chain);
  if (opens === undefined) return text;
  const closes = plain.findIndex((line, index) => index > opens && line === '}');
  const own = plain.flatMap((line, index) =>
    index > opens && index < closes && rules.includes(line) ? [index] : [],
  );
  return textOfLines(withoutLines(lines, own));
}

/** The one-based number of a line that accepts a port by its number; nothing where there is none. */
export function lineThatAccepts(
  text: string,
  { port, proto }: Pick<Knock, 'port' | 'proto'>,
): number | undefined {
  const accepts = new RegExp(`\\b(?:${proto}|th)\\s+dport\\b.*(?<![\\d.])${port}(?![\\d.]).*\\baccept\\b`);
  const index = linesOf(text).findIndex((line) => accepts.test(line.text.replace(/#.*$/, '')));
  return index < 0 ? undefined : index + 1;
}

/** Index of the line that opens a chain inside its table. */
function openingOf(lines: readonly string[], { family, table, name }: NftChain): number | undefined {
  const head = new RegExp(
    `^\\s*(?:add\\s+)?table\\s+${family === 'ip' ? '(?:ip\\s+)?' : `${family}\\s+`}${table}\\s*\\{\\s*$`,
  );
  const start = lines.findIndex((line) => head.test(line));
  if (start < 0) return undefined;
  let depth = 0;
  for (const [index, line] of lines.entries()) {
    if (index < start) continue;
    const code = line.replace(/#.*$/, '');
    if (depth === 1 && new RegExp(`^\\s*chain\\s+${name}\\s*\\{\\s*$`).test(code)) return index;
    depth += (code.match(/\{/g) ?? []).length - (code.match(/\}/g) ?? []).length;
    if (depth === 0) return undefined;
  }
  return undefined;
}
