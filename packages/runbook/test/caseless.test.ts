import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { caseless } from '../src/caseless.ts';

const patterns: readonly (readonly [pattern: RegExp, matching: readonly string[]])[] = [
  [/^[a-z0-9]([a-z0-9.:-]*[a-z0-9])?$/i, ['a', 'ab.c-d:9', 'zz']],
  [/^(?!-)(?:ab|C)+\.d[^e-g]?$/i, ['ab.d', 'cab.dx', 'c.d-']],
  [/^[A-F]{1,3}-?x\/[\]a-c-]$/i, ['abf-x/]', 'ax/b', 'fx/-']],
  [/\bword\s+\d|[.$]y/i, ['a word 7', '.y', '$y']],
  [/^[-a]b(?<!Cb)$/i, ['ab', '-b']],
];

test.each(patterns)('%s without its flag matches the same', (pattern, matching) => {
  const source = caseless(pattern);
  expect(source).toBeDefined();
  // editors compile patterns as Unicode
  const same = new RegExp(source ?? '', 'u');
  for (const text of matching) expect(same.test(text)).toBe(true);
  const letters = fc.constantFrom(...'aAbBcCdDeEfFgGxXyYwWoOrR019.:-/] $');
  const near = fc.tuple(
    fc.constantFrom(...matching),
    fc.integer({ min: 0, max: 255 }),
    fc.string({ unit: letters, maxLength: 1 }),
  );
  const word = fc.oneof(
    fc.string({ unit: letters, maxLength: 6 }),
    near.map(
      ([text, upper, more]) =>
        [...text].map((one, index) => ((upper >> index) & 1 ? one.toUpperCase() : one)).join('') + more,
    ),
  );
  fc.assert(
    fc.property(word, (text) => {
      expect(same.test(text)).toBe(pattern.test(text));
    }),
    { numRuns: 500 },
  );
});

test.each([/^(?<name>a)$/i, /^a\k<n>(?<n>b)$/i, /^\u0041$/i, /^[+-Z]$/i, /a.b/s, /^a$/m])(
  '%s cannot be said without its flag',
  (pattern) => {
    expect(caseless(pattern)).toBeUndefined();
  },
);

test('a pattern without flags stays as it is', () => {
  expect(caseless(/^[a-z]$/)).toBe('^[a-z]$');
  expect(caseless(/^[a-z]$/u)).toBe('^[a-z]$');
});
