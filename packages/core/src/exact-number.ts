/**
 * Whether a number, as it is written, is the same number once it was read: what has more digits than a double holds is not. Takes JSON's form and YAML's `0x`,
 * `0o` and leading `+`.
 */
export function isExactNumber(source: string): boolean {
  const value = Number(source);
  if (!Number.isFinite(value)) return false;
  return /^[-+]?0[xob]/i.test(source)
    ? Number.isSafeInteger(value)
    : digitsOf(source) === digitsOf(String(value));
}

/** The digits that count and the power of ten of the last one. */
function digitsOf(text: string): string {
  const [, whole = '', fraction = '', power = '0'] =
    /^\s*[-+]?(\d*)\.?(\d*)(?:e([-+]?\d+))?\s*$/i.exec(text) ?? [];
  const all = `${whole}${fraction}`.replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  return digits === '' ? '0' : `${digits}e${Number(power) - fraction.length + all.length - digits.length}`;
}

/** JSON in which a number that no double holds is what `inexact` makes of it: its text, where nothing else is said. @throws SyntaxError */
export function parseExactJson(
  text: string,
  inexact: (source: string) => unknown = (source) => source,
): unknown {
  // a number that long is rare, and looking at each value takes time
  if (!/\d[\d.]{15}/.test(text)) return JSON.parse(text);
  const revive = (_key: string, value: unknown, { source }: { readonly source?: string } = {}) =>
    typeof value === 'number' && source !== undefined && !isExactNumber(source) ? inexact(source) : value;
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown);
}
