/** One setting of an ssh_config file. */
export interface ConfigLine {
  /** In lower case: keywords are not case-sensitive. */
  readonly keyword: string;
  readonly words: readonly string[];
  /** All that follows the keyword as it stands: commands are not split. */
  readonly rest: string;
  /** `file:line`, for messages. */
  readonly at: string;
}

/** The settings of a text; comments and empty lines are left out. `problem` is called for what cannot be read. */
export function parseConfigLines(
  text: string,
  file: string,
  problem: (at: string, finding: string) => never,
): readonly ConfigLine[] {
  return text.split('\n').flatMap((line, index) => {
    const at = `${file}:${index + 1}`;
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    const found = /^"?([^\s="]+)"?(?:\s*=\s*|\s+)(.*)$/.exec(trimmed);
    if (found === null) return problem(at, `${trimmed.split(/[\s=]/)[0]} has no value`);
    const [, keyword = '', rest = ''] = found;
    const words = splitWords(rest) ?? problem(at, 'a quotation mark is never closed');
    return [{ keyword: keyword.toLowerCase(), words, rest, at }];
  });
}

export function isNone({ words }: ConfigLine): boolean {
  return words.length === 1 && words[0]?.toLowerCase() === 'none';
}

/** Splits at blanks as OpenSSH does: quotes of both kinds, escaped quotes, backslashes and blanks, comments after `#`. */
function splitWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i] ?? '';
    const next = text[i + 1] ?? '';
    if (word === undefined && char === '#') break;
    if (quote === '' && (char === ' ' || char === '\t')) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word ??= '';
    if (char === '\\' && (/['"\\]/.test(next) || (quote === '' && next === ' '))) {
      word += next;
      i += 1;
    } else if (quote === '' && /['"]/.test(char)) quote = char;
    else if (quote !== '' && char === quote) quote = '';
    else word += char;
  }
  if (quote !== '') return undefined;
  return word === undefined ? words : [...words, word];
}
