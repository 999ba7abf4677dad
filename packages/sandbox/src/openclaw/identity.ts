import { createHash } from 'node:crypto';
import { RE2JS } from 're2js';

/** What identities look like when the configuration says nothing. */
export const DEFAULT_IDENTITY_PATTERN = 'wrk_[a-z0-9]{8}';

type Node =
  | { readonly kind: 'one-of'; readonly characters: readonly string[] }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'either'; readonly branches: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly min: number; readonly max: number };

const PRINTABLE = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index));
const DIGITS = range('0', '9');
const LETTERS = [...range('a', 'z'), ...range('A', 'Z')];
const ESCAPES: Readonly<Record<string, readonly string[]>> = {
  d: DIGITS,
  w: [...DIGITS, ...LETTERS, '_'],
  s: [' '],
  D: PRINTABLE.filter((character) => !DIGITS.includes(character)),
  W: PRINTABLE.filter((character) => !/\w/.test(character)),
  S: PRINTABLE,
};
/** How many times an unbounded repetition repeats: enough for identities to differ. */
const UNBOUNDED = 8;

/** RE2's complaint about a pattern; undefined when it compiles. */
export function patternProblem(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** True when the pattern compiles and occurs in the text (anchors are up to the pattern, as in RE2). */
export function matches(pattern: string, text: string): boolean {
  return patternProblem(pattern) === undefined && RE2JS.compile(pattern).matcher(text).find();
}

/**
 * An identity of the pattern's language: the same for the same seed, different for others as far as the pattern has
 * room. Anchors and flags are ignored. The pattern must compile.
 */
export function generateIdentity(pattern: string, seed: string): string {
  const random = randomFrom(seed);
  return generate(parsePattern(pattern), random);
}

function generate(node: Node, random: (limit: number) => number): string {
  switch (node.kind) {
    case 'one-of':
      return node.characters[random(node.characters.length)] ?? '';
    case 'sequence':
      return node.parts.map((part) => generate(part, random)).join('');
    case 'either':
      return generate(node.branches[random(node.branches.length)]!, random);
    case 'repeat': {
      const times = node.min + random(node.max - node.min + 1);
      return Array.from({ length: times }, () => generate(node.node, random)).join('');
    }
  }
}

/** Bytes of a hash chain of the seed, drawn one number at a time. */
function randomFrom(seed: string): (limit: number) => number {
  let counter = 0;
  return (limit) => {
    if (limit <= 1) return 0;
    const digest = createHash('sha256').update(`${seed}/${counter++}`).digest();
    return digest.readUInt32BE(0) % limit;
  };
}

function parsePattern(pattern: string): Node {
  let at = 0;
  const peek = (text: string) => pattern.startsWith(text, at);
  const take = () => pattern[at++] ?? '';

  const alternation = (): Node => {
    const branches = [sequence()];
    while (peek('|')) {
      at++;
      branches.push(sequence());
    }
    return branches.length === 1 ? branches[0]! : { kind: 'either', branches };
  };

  const sequence = (): Node => {
    const parts: Node[] = [];
    while (at < pattern.length && !peek('|') && !peek(')')) {
      const node = atom();
      if (node !== undefined) parts.push(repeated(node));
    }
    return { kind: 'sequence', parts };
  };

  const atom = (): Node | undefined => {
    const character = take();
    if (character === '^' || character === '$') return undefined;
    if (character === '(') return group();
    if (character === '[') return oneOf(characterClass());
    if (character === '.') return oneOf([...DIGITS, ...range('a', 'z')]);
    if (character !== '\\') return oneOf([character]);
    const escaped = take();
    if ('bBAzZ'.includes(escaped)) return undefined;
    return oneOf(ESCAPES[escaped] ?? [escaped]);
  };

  const group = (): Node => {
    const opening = /^\?(?:P?<\w+>|[imsU-]*:?)/.exec(pattern.slice(at));
    at += opening?.[0].length ?? 0;
    const inner = alternation();
    at++;
    return inner;
  };

  const characterClass = (): readonly string[] => {
    const negated = peek('^');
    if (negated) at++;
    const found: string[] = [];
    for (let first = true; at < pattern.length && (first || !peek(']')); first = false) {
      const posix = /^\[:(\w+):\]/.exec(pattern.slice(at));
      if (posix) {
        at += posix[0].length;
        found.push(...PRINTABLE.filter((character) => matches(`[[:${posix[1]}:]]`, character)));
        continue;
      }
      const from = take();
      if (from === '\\') {
        const escaped = take();
        found.push(...(ESCAPES[escaped] ?? [escaped]));
      } else if (peek('-') && pattern[at + 1] !== ']' && pattern[at + 1] !== undefined) {
        at++;
        found.push(...range(from, take()));
      } else found.push(from);
    }
    at++;
    return negated ? PRINTABLE.filter((character) => !found.includes(character)) : found;
  };

  const repeated = (node: Node): Node => {
    const quantifier = /^(?:([*+?])|\{(\d+)(,(\d*))?\})\??/.exec(pattern.slice(at));
    if (quantifier === null) return node;
    at += quantifier[0].length;
    const [, sign, least, comma, most] = quantifier;
    if (sign !== undefined) return { kind: 'repeat', node, ...SIGNS[sign as keyof typeof SIGNS] };
    const min = Number(least);
    const max = comma === undefined ? min : most ? Number(most) : min + UNBOUNDED;
    return { kind: 'repeat', node, min, max };
  };

  return alternation();
}

const SIGNS = {
  '*': { min: UNBOUNDED, max: UNBOUNDED },
  '+': { min: UNBOUNDED, max: UNBOUNDED },
  '?': { min: 0, max: 1 },
} as const;

function oneOf(characters: readonly string[]): Node {
  return { kind: 'one-of', characters };
}

function range(from: string, to: string): readonly string[] {
  const [first, last] = [from.codePointAt(0) ?? 0, to.codePointAt(0) ?? 0];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
    String.fromCodePoint(first + index),
  );
}
