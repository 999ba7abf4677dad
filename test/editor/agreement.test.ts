import { describe, expect, test } from 'vitest';
import { disagreementsOf } from './support/agreement.ts';
import { standard } from './support/standard.ts';
import { faultsOf, shippedSchema, validatorOf } from './support/validator.ts';

const validator = validatorOf((await shippedSchema()).schema);

describe.each([...standard])('%s', (id, definition) => {
  const validate = validator.definition(id);

  test('its examples are valid for an editor', () => {
    for (const { title, with: input } of definition.examples)
      expect({ title, faults: faultsOf(validate, input) }).toEqual({ title, faults: [] });
  });

  test('an editor and `claw-run validate` refuse the same inputs', async () => {
    const inputs = definition.examples.map((example) => example.with);
    expect(inputs).not.toEqual([]);
    expect(await disagreementsOf(definition, { validate, library: standard, inputs })).toEqual({
      stricter: [],
      laxer: [],
    });
  });
});
