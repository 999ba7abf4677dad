import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPrintable, printable } from '../src/index.ts';

test.each([
  ['\u001b[31m', String.raw`\u001b[31m`],
  ['a\rb\u0007\u007f\u0085\u009b', String.raw`a\u000db\u0007\u007f\u0085\u009b`],
  ['\u202eabc\u2066\u2069\u200e\u200f\u061c', String.raw`\u202eabc\u2066\u2069\u200e\u200f\u061c`],
  [
    'a\u200bb\u200cc\u200dd\ufeff\u2060\u00ad\u180e',
    String.raw`a\u200bb\u200cc\u200dd\ufeff\u2060\u00ad\u180e`,
  ],
  ['\u2028\u2029', String.raw`\u2028\u2029`],
  ['\u{e0041}\u{e0100}', String.raw`\udb40\udc41\udb40\udd00`],
  ['\ud800x\udc00', String.raw`\ud800x\udc00`],
  ['x\ufe0f\u3164\u115f\ufff9', String.raw`x\ufe0f\u3164\u115f\ufff9`],
])('%j is shown', (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test.each([
  'line\n\tindented',
  'Grüße, e\u0301te\u0301, 日本語, עברית, العربية',
  '👩‍👩‍👧‍👦 👍🏽 🏳️‍🌈 ❤️ 1️⃣ 👩🏽‍🚀',
  'می\u200cخواهم',
  'क्\u200dष ශ්\u200dරී',
  'a\u00a0b',
])('%s stays as people write it', (text) => {
  expect(printable(text)).toBe(text);
});

test('what is shown is shown once, and JSON keeps its value', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, key) => {
      const shown = printable(text);
      expect(printable(shown)).toBe(shown);
      const json = JSON.stringify({ [key]: text });
      expect(JSON.parse(printable(json))).toEqual(JSON.parse(json));
      expect(isPrintable(text)).toBe(shown === text && !/[\n\t]/.test(text));
    }),
    { numRuns: 500 },
  );
});

test('no character is hidden that is usual: the short way and the long way agree on each', () => {
  for (let code = 0; code < 0x3000; code += 1) {
    const character = String.fromCharCode(code);
    // a letter of Chinese takes the long way
    expect(printable(`${character}字`)).toBe(`${printable(character)}字`);
  }
});
