/**
 * The source of a pattern without flags that matches the same as a pattern with the flag `i`, for letters of ASCII; nothing
 * when the pattern has other flags or parts that cannot be rewritten by letter.
 */
export function caseless({ source, flags }: RegExp): string | undefined {
  if (/[ms]/.test(flags)) return undefined;
  if (!flags.includes('i')) return source;
  let result = '';
  let inClass = false;
  for (let at = 0; at < source.length; at++) {
    const rest = source.slice(at);
    const kept = /^(?:\\[dDwWsSbBtnrfv0]|\\[^A-Za-z0-9]|\(\?[:=!]|\(\?<[=!])/.exec(rest)?.[0];
    if (kept !== undefined) {
      result += kept;
      at += kept.length - 1;
      continue;
    }
    // named groups, references and escapes by code hold letters that are no text
    if (rest.startsWith('\\') || rest.startsWith('(?')) return undefined;
    const range = inClass ? /^([a-z])-([a-z])|^([A-Z])-([A-Z])/.exec(rest)?.[0] : undefined;
    if (range !== undefined) {
      result += `${range.toLowerCase()}${range.toUpperCase()}`;
      at += 2;
      continue;
    }
    const one = source[at] ?? '';
    // a range such as `A-z` or `+-Z` has letters on one side only
    if (inClass && /^.-[^\]]/.test(rest) && /[A-Za-z]/.test(one + (source[at + 2] ?? '')) && one !== '-')
      return undefined;
    if (one === '[') inClass = true;
    else if (one === ']') inClass = false;
    const both = `${one.toLowerCase()}${one.toUpperCase()}`;
    result += !/[A-Za-z]/.test(one) ? one : inClass ? both : `[${both}]`;
  }
  return result;
}
