import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isExactNumber, parseExactJson } from '../src/index.ts';

it('every number, as it is printed, is exact', () =>
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(isExactNumber(String(value))).toBe(true);
      expect(parseExactJson(JSON.stringify([value]))).toEqual([Object.is(value, -0) ? 0 : value]);
    }),
  ));

it('an integer is exact as long as it is the same once read', () =>
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (value) => {
      expect(isExactNumber(String(value))).toBe(
        BigInt(Number(value)) === value && String(Number(value)).length < 22,
      );
    }),
  ));

it.each([
  ['1.10', true],
  ['0.1', true],
  ['1e3', true],
  ['+5', true],
  ['.5', true],
  ['0x1F', true],
  ['9007199254740993', false],
  ['9123456789012345678', false],
  ['3.14159265358979323846', false],
  ['0xFFFFFFFFFFFFFFFF', false],
  ['1e999', false],
])('%s: %s', (source, exact) => {
  expect(isExactNumber(source)).toBe(exact);
});

it('a number with more digits stays its text', () => {
  expect(parseExactJson('{"a":9123456789012345678,"b":[1,"9123456789012345678"]}')).toEqual({
    a: '9123456789012345678',
    b: [1, '9123456789012345678'],
  });
});
