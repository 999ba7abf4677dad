import { commonWords } from './common-words.ts';
import { isObject } from './json.ts';
import { Secret } from './secret.ts';
import { encodings, linesOf } from './secret-forms.ts';

/**
 * Replaces known secrets in texts that others wrote: what a command prints, what a server answers. It is the second line only: what claw-run itself makes
 * of a secret stays a `Secret`. A secret that is a common word, or has one or two characters, is not looked for, since nothing would be readable any
 * more; a short one only where it stands alone.
 */
export interface Redactor {
  /** Makes a secret known, and each of its lines; those of a whole file, which are not all secret, are not looked for one by one. */
  readonly add: (secret: Secret, options?: { readonly wholeFile?: boolean }) => void;
  /** Names texts that are no secret: the runbook and its open parameters. A secret that is a word of theirs is not looked for. */
  readonly publish: (texts: readonly string[]) => void;
  /** The text with `‹secret›` for each known secret, in every encoding it is likely to appear in. */
  readonly redact: (text: string) => string;
  /** The same for the texts in a JSON value; never for keys, nor for what names things: types, ids, positions, excerpts of a runbook. */
  readonly redactJson: <T>(value: T) => T;
  /** Whether a known secret is in the text. */
  readonly holds: (text: string) => boolean;
}

/** Names of values that are ours or the runbook's. */
const ours: ReadonlySet<string> = new Set(
  `type at run fleet host id uses on phase plan status finding verdict outcome risk code do op exit position excerpt sources runbook dryRun kind apiVersion
  traceparent sudo mode`.split(/\s+/),
);

const longest = 8192;
const placeholder = String(new Secret(''));

/** The one redactor of a run: whatever is printed goes through it. */
export function createRedactor(): Redactor {
  const secrets = new Map<string, Strength>();
  const published = new Set<string>();
  let pattern: RegExp | undefined | null = null;

  const know = (text: string) => {
    const strength = strengthOf(text);
    if (strength === 'common' || text.length > longest || secrets.has(text)) return;
    secrets.set(text, strength);
    pattern = null;
  };
  const current = () => {
    if (pattern === null) pattern = patternOf(secrets, published);
    return pattern;
  };
  const redact = (text: string) => {
    const needles = current();
    return needles === undefined
      ? text
      : withoutBeginnings(text.replaceAll(needles, placeholder), [...secrets.keys()]);
  };
  const redactJson = (value: unknown): unknown => {
    if (typeof value === 'string') return redact(value);
    if (Array.isArray(value)) return value.map(redactJson);
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        name,
        ours.has(name) && typeof item !== 'object' ? item : redactJson(item),
      ]),
    );
  };
  return {
    add(secret, { wholeFile = false } = {}) {
      const text = secret.reveal();
      know(text);
      for (const line of linesOf(text, wholeFile)) know(line);
    },
    publish(texts) {
      const fresh = texts.filter((text) => !published.has(text));
      for (const text of fresh) published.add(text);
      if (fresh.length > 0) pattern = null;
    },
    redact,
    redactJson: <T>(value: T) => (current() === undefined ? value : (redactJson(value) as T)),
    holds: (text) => redact(text) !== text,
  };
}

/** What was cut off with `…` before it came here may end with the beginning of a secret. */
function withoutBeginnings(text: string, secrets: readonly string[]): string {
  if (!text.includes('…')) return text;
  const parts = text.split('…');
  const shown = parts.map((part, index) => {
    if (index === parts.length - 1) return part;
    const lengths = secrets.map((secret) => beginningAtEnd(part, secret));
    const longestOne = Math.max(0, ...lengths);
    return longestOne === 0 ? part : `${part.slice(0, -longestOne)}${placeholder}`;
  });
  return shown.join('…');
}

/** How much of the beginning of a secret a text ends with; less than four characters are a coincidence. */
function beginningAtEnd(text: string, secret: string): number {
  for (let length = Math.min(secret.length - 1, text.length); length >= 4; length -= 1)
    if (text.endsWith(secret.slice(0, length))) return length;
  return 0;
}

type Strength = 'common' | 'short' | 'strong';

/** How well a secret can be told from other text. */
function strengthOf(text: string): Strength {
  const word = text.trim();
  if (word.length < 3 || /^\d{1,4}$/.test(word) || commonWords.has(word.toLowerCase())) return 'common';
  return word.length < 6 || /^\d{5,9}$/.test(word) || /^[A-Za-z]{6,12}$/.test(word) ? 'short' : 'strong';
}

function patternOf(
  secrets: ReadonlyMap<string, Strength>,
  published: ReadonlySet<string>,
): RegExp | undefined {
  const needles = new Map<string, Strength>();
  for (const [text, strength] of secrets) {
    if ([...published].some((open) => isWordOf(text, open))) continue;
    for (const form of encodings(text))
      if (form.length >= 3 && !commonWords.has(form.toLowerCase()))
        // a word is a part of others; what base64 or hex makes of it is not
        needles.set(form, form.length >= 7 && form !== text ? 'strong' : strength);
  }
  if (needles.size === 0) return undefined;
  const alternatives = [...needles]
    .sort(([a], [b]) => b.length - a.length)
    .map(([form, strength]) => (strength === 'strong' ? escaped(form) : alone(form)));
  return new RegExp(alternatives.join('|'), 'g');
}

function isWordOf(text: string, open: string): boolean {
  return open === text || (open.includes(text) && new RegExp(alone(text)).test(open));
}

/** Where it is no part of a longer word. */
function alone(text: string): string {
  return `(?<![A-Za-z0-9_])${escaped(text)}(?![A-Za-z0-9_])`;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
