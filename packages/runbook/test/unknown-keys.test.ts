import { expect, test } from 'vitest';
import * as z from 'zod';
import { problemsOfInput } from './compile.ts';

const entry = z.strictObject({ name: z.string(), key: z.string().optional() });

const input = z.strictObject({
  at: z.union([entry, z.string()]).optional(),
  pair: z.tuple([entry, z.int()]).optional(),
});

async function problemsOf(given: string): Promise<readonly string[]> {
  const problems = await problemsOfInput(input, { param: 'a: { type: string, default: x }', input: given });
  return problems.map(({ position, message }) => `${position?.line}:${position?.column}: ${message}`);
}

test.each([
  ['in one of several types', '{ at: { name: a, kye: b } }', '9:28: `test.kept` has no input `kye`'],
  [
    'whose value is an expression',
    "{ at: { name: a, kye: '${{ params.a }}' } }",
    '9:28: `test.kept` has no input `kye`',
  ],
  ['in a list of fixed length', '{ pair: [{ name: a, kye: b }, 1] }', '9:31: `test.kept` has no input `kye`'],
  ['at the top, once', '{ ta: x }', '9:13: `test.kept` has no input `ta`'],
])('an unknown key %s is a problem before anything runs', async (_where, input, problem) => {
  expect(await problemsOf(input)).toEqual([problem]);
});

test('known keys are none', async () => {
  expect(await problemsOf("{ at: { name: '${{ params.a }}', key: b }, pair: [{ name: a }, 1] }")).toEqual([]);
});
