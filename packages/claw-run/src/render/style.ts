/** How text is marked; without colour the text alone. */
export type Style = { readonly [name in StyleName]: (text: string) => string };

type StyleName = keyof typeof codes;

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  cyan: [36, 39],
} as const;

/** The styles of one stream. */
export function createStyle(color: boolean): Style {
  const entries = Object.entries(codes).map(([name, [on, off]]) => [
    name,
    (text: string) => (color && text !== '' ? `\u001b[${on}m${text}\u001b[${off}m` : text),
  ]);
  return Object.fromEntries(entries) as Style;
}

/** Takes out what could steer a terminal: what a cluster or a log says is data. Line breaks and tabs stay. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code === 0x1b ? '␛' : `\\x${code.toString(16).padStart(2, '0')}`;
  });
}

/** `plain`, but for the colours that we put there ourselves. */
export function paintedPlain(text: string): string {
  return text
    .split(colorCode)
    .map((part, index) => (index % 2 === 1 ? part : plain(part)))
    .join('');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with one
const colorCode = /(\u001b\[\d+m)/;

/** The same JSON with every text made plain. */
export function plainJson<T>(value: T): T {
  if (typeof value === 'string') return plain(value) as T;
  if (Array.isArray(value)) return value.map(plainJson) as T;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [plain(key), plainJson(item)])) as T;
}

/** Breaks text at words; later lines begin with `indent` spaces. Words longer than a line stay whole. */
export function wrap(text: string, width: number, indent = 0): string {
  const pad = ' '.repeat(indent);
  return text
    .split('\n')
    .map((line) => wrapLine(line, Math.max(width - indent, 20)).join(`\n${pad}`))
    .join(`\n${pad}`);
}

/** `40 ms`, `0.4 s`, `12 s`, `3 min 5 s` */
export function seconds(ms: number): string {
  if (ms < 100) return `${ms} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const whole = Math.round(ms / 1000);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** `1 change`, `3 changes` */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function wrapLine(line: string, width: number): readonly string[] {
  const lead = /^ */.exec(line)?.[0] ?? '';
  const lines: string[] = [];
  let current = lead;
  for (const word of line.slice(lead.length).split(' ')) {
    if (current.trim() !== '' && lengthOf(current) + 1 + lengthOf(word) > width) {
      lines.push(current);
      current = word;
    } else {
      current = current.trim() === '' ? `${current}${word}` : `${current} ${word}`;
    }
  }
  return [...lines, current];
}

/** Columns: colour codes take none. */
function lengthOf(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with one
  return text.replace(/\u001b\[\d+m/g, '').length;
}
