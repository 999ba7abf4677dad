import { expect, test } from 'vitest';
import { batchesOf } from '../src/roll-out.ts';

const hosts = (count: number) => Array.from({ length: count }, (_, index) => index);
const sizes = (count: number, ...batches: string[]) =>
  batchesOf(hosts(count), { batches }).map((batch) => batch.length);

test.each([
  [25, ['1', '10%', '100%'], [1, 2, 22]],
  [5, ['1', '10%', '100%'], [1, 1, 3]],
  [1, ['1', '10%', '100%'], [1]],
  [7, ['2'], [2, 2, 2, 1]],
  [7, ['1', '3'], [1, 3, 3]],
  [10, ['25%'], [2, 2, 2, 2, 2]],
  [0, ['1'], []],
] as const)('%i hosts in batches of %j are %j', (count, batches, expected) => {
  expect(sizes(count, ...batches)).toEqual(expected);
});

test('every host has its turn once, in order; without a roll-out all at once', () => {
  expect(batchesOf(hosts(7), { batches: ['1', '30%'] }).flat()).toEqual(hosts(7));
  expect(batchesOf(hosts(3), undefined)).toEqual([[0, 1, 2]]);
});
