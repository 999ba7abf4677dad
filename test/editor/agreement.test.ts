import type { Definition, Library } from '@claw-run/core';
import { compileRunbook } from '@claw-run/runbook';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type * as z from 'zod';
import { mutationsOf } from './support/mutations.ts';
import { standard } from './support/standard.ts';
import { faultsOf, shippedSchema, validatorOf } from './support/validator.ts';

const { schema } = await shippedSchema();
const validator = validatorOf(schema);
const definitions = [...standard.values()];

describe.each(definitions.map((definition) => [definition.id, definition] as const))(
  '%s',
  (id, definition) => {
    const validate = validator.definition(id);

    test('its examples are valid for an editor', () => {
      for (const { title, with: input } of definition.examples)
        expect({ title, faults: faultsOf(validate, input) }).toEqual({ title, faults: [] });
    });

    test('what an editor refuses, `claw-run validate` refuses too', async () => {
      const stricter: string[] = [];
      const laxer: string[] = [];
      for (const example of definition.examples) {
        for (const { what, value } of mutationsOf(example.with)) {
          const faults = faultsOf(validate, value);
          const problems = await problemsOf(definition, value, standard);
          if (faults.length > 0 && problems.length === 0) stricter.push(`${what}: ${faults.join('; ')}`);
          if (faults.length === 0 && problems.length > 0 && !mayMiss(definition, value, problems))
            laxer.push(`${what}: ${problems.join('; ')}`);
        }
      }
      expect({ stricter, laxer }).toEqual({ stricter: [], laxer: [] });
    });
  },
);

/**
 * What a schema has no words for, so that only `claw-run validate` tells it: what the expression in a text gives, rules that a
 * step's author wrote as a function (several inputs together, what stands inside of a text), and what makes a URL.
 */
function mayMiss({ input }: Definition, value: unknown, problems: readonly string[]): boolean {
  if (problems.every((problem) => /the expression gives/.test(problem))) return true;
  const parsed = input.safeParse(value);
  return !parsed.success && onlyByFunction(parsed.error.issues);
}

function onlyByFunction(issues: readonly z.core.$ZodIssue[]): boolean {
  return issues.every(
    (issue) =>
      issue.code === 'custom' ||
      (issue.code === 'invalid_format' && issue.format === 'url') ||
      (issue.code === 'invalid_union' && issue.errors.some(onlyByFunction)),
  );
}

const sections = {
  state: 'steps',
  event: 'steps',
  check: 'verify',
  lookup: 'facts',
} as const;

async function problemsOf(
  { id, type, on }: Definition,
  input: unknown,
  library: Library,
): Promise<readonly string[]> {
  const use = { uses: id, on: 'here', with: input };
  const section = sections[type];
  const runbook = {
    runbook: 'one',
    version: 1,
    title: 'One use',
    params: { any: { type: 'list', default: [] } },
    targets: { here: { kind: on } },
    steps: [],
    [section]: section === 'facts' ? { it: use } : [section === 'steps' ? { id: 'it', ...use } : use],
  };
  const compiled = await compileRunbook(
    { file: 'one.yaml', bytes: Buffer.from(stringify(runbook)) },
    { library, readInclude: () => Promise.reject(new Error('nothing is included')) },
  );
  return compiled.ok ? [] : compiled.problems.map(({ message }) => message);
}
