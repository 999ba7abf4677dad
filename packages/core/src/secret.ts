const placeholder = '‹secret›';
const inspect = Symbol.for('nodejs.util.inspect.custom');

/**
 * A value that must not be seen. It prints as `‹secret›` wherever it is printed; only `reveal` gives the text, and only a
 * transport that sends it, or a pure function that has to compare it, may ask.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return placeholder;
  }

  toJSON(): string {
    return placeholder;
  }

  [inspect](): string {
    return placeholder;
  }
}

/** Replaces every known secret, in every encoding it is likely to appear in, by `‹secret›`. */
export interface Redactor {
  /** Makes a secret known; texts of fewer than four characters are too common to be replaced. */
  readonly add: (secret: Secret) => void;
  readonly redact: (text: string) => string;
}

/** The one redactor of a run: whatever is printed or stored goes through it. */
export function createRedactor(): Redactor {
  const needles = new Set<string>();
  let ordered: readonly string[] = [];
  return {
    add(secret) {
      for (const form of encodings(secret.reveal())) if (form.length >= 4) needles.add(form);
      ordered = [...needles].sort((a, b) => b.length - a.length);
    },
    redact: (text) => ordered.reduce((out, needle) => out.replaceAll(needle, placeholder), text),
  };
}

/** Collects the secrets inside a JSON value. */
export function secretsIn(value: unknown): readonly Secret[] {
  if (value instanceof Secret) return [value];
  if (Array.isArray(value)) return value.flatMap(secretsIn);
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(secretsIn);
  return [];
}

/** Rebuilds a JSON value with each secret replaced by what `replace` gives for it. */
export function mapSecrets(value: unknown, replace: (secret: Secret) => unknown): unknown {
  if (value instanceof Secret) return replace(value);
  if (Array.isArray(value)) return value.map((item) => mapSecrets(item, replace));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapSecrets(item, replace)]));
}

function encodings(value: string): readonly string[] {
  const forms = [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    ...encodedBytes(value),
  ];
  const decoded = decodedBase64(value);
  return decoded === undefined
    ? forms
    : [...forms, decoded, JSON.stringify(decoded).slice(1, -1), ...encodedBytes(decoded)];
}

function encodedBytes(value: string): readonly string[] {
  const bytes = Buffer.from(value, 'utf8');
  return [
    bytes.toString('hex'),
    bytes.toString('base64url'),
    bytes.toString('base64'),
    ...embeddedBase64(bytes),
  ];
}

/** What base64 makes of the bytes when one or two other bytes stand before them, without the characters that mix. */
function embeddedBase64(bytes: Buffer): readonly string[] {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replaceAll('=', '');
    return text.slice(shift === 0 ? 0 : shift + 1, (bytes.length + shift) % 3 === 0 ? undefined : -1);
  });
}

function decodedBase64(value: string): string | undefined {
  if (value.length < 8 || value.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return undefined;
  const decoded = Buffer.from(value, 'base64').toString('utf8');
  return decoded.includes('\uFFFD') ? undefined : decoded;
}
