import { expect, test } from 'vitest';
import * as z from 'zod';
import { problemsOfInput } from './compile.ts';

const input = z.strictObject({
  text: z.string().optional(),
  kind: z.enum(['a', 'b']).optional(),
  either: z.union([z.int(), z.strictObject({ name: z.string() })]).optional(),
  pair: z.array(z.string()).max(2).optional(),
  sizes: z.record(z.string().regex(/^[a-z]+$/), z.string()).optional(),
  joined: z.preprocess((value) => (Array.isArray(value) ? value.length : value), z.int().max(2)).optional(),
  open: z.union([z.array(z.int()), z.strictObject({ name: z.int() })]).optional(),
});

async function problemsOf(given: string): Promise<readonly string[]> {
  const problems = await problemsOfInput(input, { param: 'l: { type: list, default: [] }', input: given });
  return problems.map(({ message }) => message);
}

const any = "'${{ params.l[0] }}'";

test.each([
  ['a list for a text', `{ text: [${any}] }`, '`text` must be a text, this is a list'],
  ['a map for one of a few', `{ kind: { a: ${any} } }`, '`kind` must be one of `a`, `b`, this is a map'],
  [
    'a list for a number or a map',
    `{ either: [${any}] }`,
    '`either` must be a number or a map, this is a list',
  ],
  ['too long a list', `{ pair: [a, b, ${any}] }`, '`pair` must have at most 2 items'],
  ['a key of another form', `{ sizes: { A1: ${any} } }`, '`sizes.A1` is no key that is taken here'],
])('%s is a problem whatever the expression in it gives', async (_what, input, problem) => {
  expect(await problemsOf(input)).toEqual([problem]);
});

test.each([
  ['a map that is one of several types', `{ either: { name: ${any} } }`],
  ['a list that is converted first', `{ joined: [${any}] }`],
  ['a list of a union', `{ open: [1, ${any}] }`],
])('%s is none: the expression in it may be right', async (_what, input) => {
  expect(await problemsOf(input)).toEqual([]);
});
