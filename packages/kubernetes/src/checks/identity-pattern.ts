import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { compiled } from '../lib/re2.ts';
import { included } from '../patterns/inclusion.ts';

const input = z
  .strictObject({
    pattern: z
      .string()
      .optional()
      .describe('A pattern that must compile (RE2); an empty one counts as not given'),
    generator: z
      .string()
      .optional()
      .describe('The pattern that identities are generated from; it describes them as a whole'),
    'accepted-by': z
      .array(z.string())
      .optional()
      .describe('Patterns (RE2), one of which must match each identity; anywhere in it unless anchored'),
  })
  .refine((it) => it.pattern !== undefined || it.generator !== undefined, 'give pattern, generator, or both')
  .refine(
    (it) => it['accepted-by'] === undefined || it.generator !== undefined,
    'accepted-by needs a generator',
  );

type Input = z.output<typeof input>;

export const identityPattern = defineCheck({
  id: 'kubernetes.identity-pattern',
  on: 'cluster',
  summary: 'An identity pattern compiles, and every identity that is generated is accepted',
  description:
    'Whether all generated identities are accepted is decided exactly, on automata; where one is not, it is told. With ' +
    '`pattern` and `generator`, the pattern must accept what is generated. Patterns that go beyond regular languages, ' +
    'that ignore case or use word boundaries give `unknown`.',
  input,
  examples: [
    {
      title: 'What workers generate is what the policy accepts',
      with: {
        generator: 'worker-[a-z0-9]{8}-[a-z0-9]{4}',
        'accepted-by': ['^worker-[a-z0-9]{8}-[a-z0-9]{4}$'],
      },
    },
    { title: 'A pattern compiles', with: { pattern: '^worker-[a-z0-9]{8}$' } },
  ],
  facts: () => ({}),
  expect: (input) => {
    const broken = patternsOf(input).flatMap((pattern) => {
      const result = compiled(pattern);
      return 'error' in result ? [{ pattern, error: result.error }] : [];
    });
    const [first] = broken;
    if (first !== undefined) return fail(`${first.pattern} does not compile: ${first.error}`, broken);
    const { generator, pattern } = input;
    const accepted = input['accepted-by'] ?? (pattern ? [pattern] : undefined);
    if (generator === undefined || accepted === undefined) {
      return pass(pattern ? `${pattern} compiles` : 'no pattern is set');
    }
    const result = included(generator, accepted);
    if (result.included === true)
      return pass(`${generator} generates only what is accepted`, { generator, accepted });
    if (result.included === 'unknown')
      return unknown(`whether ${generator} is accepted cannot be told: ${result.because}`);
    const { counterexample } = result;
    return fail(`${generator} generates ${counterexample}, which is not accepted`, {
      generator,
      accepted,
      counterexample,
    });
  },
});

function patternsOf(input: Input): readonly string[] {
  return [input.pattern ?? '', input.generator ?? '', ...(input['accepted-by'] ?? [])].filter(
    (one) => one !== '',
  );
}
