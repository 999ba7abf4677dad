import { brandedClass } from './branded.ts';

const placeholder = '‹secret›';
const values = new WeakMap<object, string>();

/**
 * A value that must not be seen. It prints as `‹secret›` wherever it is printed; only `reveal` gives the text, and only a
 * transport that sends it, or a pure function that has to compare it, may ask. A secret of another copy of this package is one as well:
 * steps of one's own bring their own copy, and what they hide stays hidden.
 */
export class Secret {
  constructor(value: string) {
    values.set(this, value);
  }

  static [Symbol.hasInstance](value: unknown): value is Secret {
    return isOne(value);
  }

  reveal(): string {
    return values.get(this) ?? '';
  }

  toString(): string {
    return placeholder;
  }

  toJSON(): string {
    return placeholder;
  }
}

const isOne = brandedClass('secret', Secret);
// not a member: its key would be of another type in each copy of the package
Object.defineProperty(Secret.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value: () => placeholder,
});

/** Collects the secrets inside a JSON value. */
export function secretsIn(value: unknown): readonly Secret[] {
  if (value instanceof Secret) return [value];
  if (Array.isArray(value)) return value.flatMap(secretsIn);
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(secretsIn);
  return [];
}

/** Collects the strings inside a JSON value that are no secrets. */
export function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value !== 'object' || value === null || value instanceof Secret) return [];
  return Object.values(value).flatMap(textsIn);
}

/** Rebuilds a JSON value with each secret replaced by what `replace` gives for it. */
export function mapSecrets(value: unknown, replace: (secret: Secret) => unknown): unknown {
  if (value instanceof Secret) return replace(value);
  if (Array.isArray(value)) return value.map((item) => mapSecrets(item, replace));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapSecrets(item, replace)]));
}
