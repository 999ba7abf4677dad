const seconds: { readonly [unit: string]: number } = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };
const longest = 7 * 86_400;

/**
 * The seconds of `500ms`, `30s`, `3m`, `1h` or `1h30m`, or nothing when the text is no duration.
 * A week is the longest, unless said otherwise: more is a mistake, and timers cannot count it.
 */
export function parseDuration(text: string, most = longest): number | undefined {
  if (text.length > 40 || !/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * (seconds[unit ?? 's'] ?? 0);
  }
  return total <= most ? Math.round(total * 1000) / 1000 : undefined;
}
