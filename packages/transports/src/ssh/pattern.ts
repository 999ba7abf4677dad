/**
 * Whether a text fits at least one of the patterns, and none that begins with `!` (ssh_config(5), PATTERNS). Both the words of `Host` and the comma
 * lists of known_hosts and `Match` are read this way.
 */
export function fitsPatterns(text: string, patterns: readonly string[]): boolean {
  const negated = patterns.some((one) => one.startsWith('!') && fitsPattern(text, one.slice(1)));
  return !negated && patterns.some((one) => !one.startsWith('!') && fitsPattern(text, one));
}

/** `*` stands for any text, `?` for one character. Takes time in proportion to both lengths, whatever the pattern. */
export function fitsPattern(text: string, pattern: string): boolean {
  let [t, p, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p;
      mark = t;
      p += 1;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      p = star + 1;
      mark += 1;
      t = mark;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}
