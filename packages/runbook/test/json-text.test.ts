import type { Json } from '@claw-run/core';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonText } from '../src/json-text.ts';

test('any JSON is the same when it is read again', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      expect(JSON.parse(jsonText(value as Json))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('what fits into a line is one line, and lists of words fill theirs', () => {
  const words = Array.from({ length: 40 }, (_, index) => `word-${index}`);
  expect(jsonText({ short: { a: [1, { b: null }] }, words })).toMatchInlineSnapshot(`
    "{
     "short": { "a": [1, { "b": null }] },
     "words": [
      "word-0", "word-1", "word-2", "word-3", "word-4", "word-5", "word-6", "word-7", "word-8", "word-9", "word-10", "word-11", "word-12",
      "word-13", "word-14", "word-15", "word-16", "word-17", "word-18", "word-19", "word-20", "word-21", "word-22", "word-23", "word-24",
      "word-25", "word-26", "word-27", "word-28", "word-29", "word-30", "word-31", "word-32", "word-33", "word-34", "word-35", "word-36",
      "word-37", "word-38", "word-39"
     ]
    }"
  `);
});
