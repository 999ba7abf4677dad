import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sample, samplingOf } from '../src/index.ts';

const items = fc.array(fc.integer(), { minLength: 1, maxLength: 60 });
const counts = fc.integer({ min: 1, max: 20 });
const seeds = fc.integer({ min: 0, max: 999_999_999 });
const positions = (length: number) => Array.from({ length }, (_, index) => index);

it('a sample has as many items as asked for, each once, in their order', () => {
  fc.assert(
    fc.property(items, counts, seeds, (from, count, seed) => {
      const taken = sample(positions(from.length), count, { key: 'law', sampling: { seed, all: false } });
      expect(taken).toHaveLength(Math.min(count, from.length));
      expect(taken).toEqual([...new Set(taken)].toSorted((one, other) => one - other));
    }),
  );
});

it('consecutive seeds leave nothing out', () => {
  fc.assert(
    fc.property(items, counts, seeds, (from, count, seed) => {
      const rounds = positions(Math.ceil(from.length / count));
      const taken = rounds.flatMap((round) =>
        sample(positions(from.length), count, { key: 'law', sampling: { seed: seed + round, all: false } }),
      );
      expect(new Set(taken).size).toBe(from.length);
    }),
  );
});

it('where all is asked for, all is taken', () => {
  expect(sample([1, 2, 3], 1, { key: 'law', sampling: { seed: 7, all: true } })).toEqual([1, 2, 3]);
});

it('seed and scope come from the environment, and a wrong seed is named', () => {
  expect(samplingOf({})).toEqual({ seed: 0, all: false });
  expect(samplingOf({ CLAW_RUN_TEST_SEED: '42', CLAW_RUN_TEST_ALL: '1' })).toEqual({ seed: 42, all: true });
  expect(() => samplingOf({ CLAW_RUN_TEST_SEED: '-1' })).toThrow('CLAW_RUN_TEST_SEED is "-1"');
});
