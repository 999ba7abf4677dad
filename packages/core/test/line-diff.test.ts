import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineDiff } from '../src/line-diff.ts';

test('shows what changed and nothing else', () => {
  const before = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].join('\n');
  expect(lineDiff(before, before.replace('d', 'D'))).toEqual(['  …', '- d', '+ D', '  …']);
});

test('what is taken away and what is put in lead from one text to the other', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const edits = lineDiff(before.join('\n'), after.join('\n'));
      const removed = edits.filter((line) => line.startsWith('-')).length;
      const added = edits.filter((line) => line.startsWith('+')).length;
      const length = (text: readonly string[]) => text.join('\n').replace(/\n$/, '').split('\n').length;
      expect(length(before) - removed + added).toBe(length(after));
    }),
  );
});

test('large texts that share nothing do not take forever', () => {
  const many = (word: string) => Array.from({ length: 5000 }, (_, index) => `${word} ${index}`).join('\n');
  expect(lineDiff(many('a'), many('b'))).toHaveLength(10_000);
});
