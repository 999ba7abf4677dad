import { createLibrary, defineCheck, pass } from '@claw-run/core';
import { runbookJsonSchema } from '@claw-run/runbook';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { problemsOf } from './support/agreement.ts';
import { mutationsOf } from './support/mutations.ts';
import { faultsOf, validatorOf } from './support/validator.ts';

/** Few keys and few texts, so that values meet schemas. */
const keys = ['a', 'b', 'c'] as const;
const key = fc.constantFrom(...keys);
const word = fc.constantFrom('', 'x', 'XY', 'xyz', 'red', 'Red', '7');

const plain = fc.oneof(
  fc.constantFrom<z.ZodType>(
    z.string(),
    z.string().min(1),
    z.string().max(2),
    z.string().regex(/^[x-z]+$/),
    z.string().regex(/^[x-z]+$/i, 'must be one of the last letters'),
    z.int(),
    z.int().min(1).max(7),
    z.number(),
    z.number().positive(),
    z.boolean(),
    z.null(),
    z.enum(['red', 'blue']),
    z.literal('red'),
    z.literal(7),
    z.unknown(),
    z.json(),
    z.date(),
  ),
);

const { schema: anySchema } = fc.letrec<{ schema: z.ZodType; shape: Record<string, z.ZodType> }>((tie) => ({
  shape: fc.dictionary(key, tie('schema'), { maxKeys: 3 }),
  schema: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    plain,
    tie('schema').map((it) => it.optional()),
    tie('schema').map((it) => it.nullable()),
    tie('schema').map((it) => it.describe('Something')),
    tie('schema').map((it) => z.array(it)),
    tie('schema').map((it) => z.array(it).min(1).max(2)),
    tie('schema').map((it) => z.record(z.string(), it)),
    tie('schema').map((it) => z.record(z.string().regex(/^[ab]$/), it)),
    tie('schema').map((it) => z.partialRecord(z.enum(['a', 'b']), it)),
    tie('schema').map((it) => z.lazy(() => it)),
    tie('schema').map((it) => it.transform((value) => [value])),
    fc.tuple(tie('schema'), tie('schema')).map(([a, b]) => z.union([a, b])),
    fc.tuple(tie('schema'), tie('schema')).map(([a, b]) => z.tuple([a, b])),
    fc.tuple(tie('schema'), tie('schema')).map(([a, b]) => z.tuple([a], b)),
    tie('shape').map((shape) => z.object(shape)),
    tie('shape').map((shape) => z.strictObject(shape)),
    tie('shape').map((shape) => z.looseObject(shape)),
    fc.tuple(tie('shape'), tie('schema')).map(([shape, rest]) => z.object(shape).catchall(rest)),
    fc.tuple(tie('shape'), tie('shape')).map(([a, b]) => z.union([z.object(a), z.object(b)])),
    fc.tuple(tie('shape'), tie('shape')).map(([a, b]) => z.union([z.strictObject(a), z.strictObject(b)])),
    fc.tuple(tie('shape'), tie('shape')).map(([a, b]) => z.intersection(z.object(a), z.object(b))),
    fc
      .tuple(tie('shape'), tie('shape'))
      .map(([a, b]) =>
        z.discriminatedUnion('k', [
          z.strictObject({ ...a, k: z.literal('x') }),
          z.strictObject({ ...b, k: z.literal('XY') }),
        ]),
      ),
  ),
}));

const { value: anyInput } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(word, fc.constantFrom<unknown>(null, true, 0, 1, 7, -1, 1.5)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...keys, 'k', 'z'), tie('value'), { maxKeys: 4 }),
  ),
}));

function stepOf(input: z.ZodType) {
  const definition = defineCheck({
    id: 'random.step',
    on: 'host',
    summary: 'Something is so',
    input: z.strictObject({ a: input }),
    examples: [],
    facts: () => ({}),
    expect: () => pass('so'),
  });
  const library = createLibrary([definition]);
  const validate = validatorOf(runbookJsonSchema(library)).definition(definition.id);
  return {
    faults: (a: unknown) => faultsOf(validate, { a }),
    problems: (a: unknown) => problemsOf(definition, { a }, library),
  };
}

const anyInputs = fc.array(anyInput, { minLength: 1, maxLength: 6 });

test('for any inputs that a step may have, an editor refuses nothing that `claw-run validate` takes', async () => {
  await fc.assert(
    fc.asyncProperty(anySchema, anyInputs, async (schema, values) => {
      const { faults, problems } = stepOf(schema);
      const changed = values.flatMap(mutationsOf).map(({ value }) => value);
      for (const value of [...values, ...changed]) {
        const refused = hasExpression(value) ? [] : faults(value);
        if (refused.length > 0)
          expect(await problems(value), `${JSON.stringify(value)}: ${refused.join('; ')}`).not.toEqual([]);
      }
    }),
    { numRuns: 40 },
  );
});

test('whatever an editor takes, it takes with an expression in any place of it', () => {
  fc.assert(
    fc.property(anySchema, anyInputs, (schema, values) => {
      const { faults } = stepOf(schema);
      for (const value of values.filter((one) => faults(one).length === 0))
        for (const changed of withExpressions(value))
          expect({ changed, faults: faults(changed) }).toEqual({ changed, faults: [] });
    }),
    { numRuns: 60 },
  );
});

function hasExpression(value: unknown): boolean {
  return JSON.stringify(value)?.includes('${{') ?? false;
}

function* withExpressions(value: unknown): Generator<unknown> {
  yield '${{ params.any[0] }}';
  if (Array.isArray(value))
    for (const [index, item] of value.entries())
      for (const changed of withExpressions(item)) yield value.with(index, changed);
  else if (typeof value === 'object' && value !== null)
    for (const [name, item] of Object.entries(value))
      for (const changed of withExpressions(item)) yield { ...value, [name]: changed };
}
