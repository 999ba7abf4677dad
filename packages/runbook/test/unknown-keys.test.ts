import { createLibrary, defineCheck, objectFact, pass } from '@claw-run/core';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { compileRunbook } from '../src/index.ts';

const entry = z.strictObject({ name: z.string(), key: z.string().optional() });

const check = defineCheck({
  id: 'test.kept',
  on: 'cluster',
  summary: 'A value is kept',
  input: z.strictObject({
    at: z.union([entry, z.string()]).optional(),
    pair: z.tuple([entry, z.int()]).optional(),
  }),
  examples: [],
  facts: () => ({
    pods: objectFact({ ref: { apiVersion: 'v1', kind: 'Pod', name: 'x' }, parse: () => null }),
  }),
  expect: () => pass('so'),
});

async function problemsOf(input: string): Promise<readonly string[]> {
  const text = `runbook: x
version: 1
title: x
targets: { c: { kind: cluster } }
params: { a: { type: string, default: x } }
steps: []
verify:
  - uses: test.kept
    with: ${input}
`;
  const compiled = await compileRunbook(
    { file: 'x.yaml', bytes: new TextEncoder().encode(text) },
    { library: createLibrary([check]), readInclude: () => Promise.reject(new Error('none')) },
  );
  if (compiled.ok) return [];
  return compiled.problems.map(
    ({ position, message }) => `${position?.line}:${position?.column}: ${message}`,
  );
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
