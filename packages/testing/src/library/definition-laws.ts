import type { Definition } from '@claw-run/core';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { law } from '../law.ts';
import { expectPureAnswers, expectPureFacts } from './pure-laws.ts';
import { expectNoSecretWords } from './secret-words.ts';
import { warn } from './told.ts';

/** The laws of a definition that need no target: what it says of itself, its examples, and that its functions are pure. */
export function describeDefinition(definition: Definition, reserved: ReadonlySet<string>): void {
  it('says what it is', async ({ task }) => {
    await law('its id is library.name, and its own', () => {
      expect(definition.id).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*\.[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
      expect(reserved.has(definition.id), `${definition.id} comes with claw-run; rename yours`).toBe(false);
    });
    await law('it says what it does', () => {
      expect(typeof definition.summary, 'summary').toBe('string');
      expect(definition.summary.trim(), 'summary').not.toBe('');
      expect(definition.summary, 'summary is one line').not.toContain('\n');
    });
    await law('it says where it works', () => expect(['host', 'cluster']).toContain(definition.on));
    if (definition.type !== 'check' && definition.type !== 'lookup')
      await law('it says what it risks', () =>
        expect(['routine', 'disruptive', 'destructive']).toContain(definition.risk),
      );
    if (definition.type === 'event') await law('it says how it is undone', () => expectUndo(definition.undo));
    if ((definition.description ?? '').trim() === '') warn(task, 'it has no description');
  });

  it('has inputs that can be shown', ({ task }) =>
    law('its inputs can be shown', () => {
      const shape = z.toJSONSchema(definition.input, { io: 'input', unrepresentable: 'any' });
      expect(shape.type, 'the inputs are an object').toBe('object');
      const silent = Object.entries(shape.properties ?? {}).flatMap(([name, property]) =>
        typeof property === 'object' && !isDescribed(property) ? [name] : [],
      );
      if (silent.length > 0)
        warn(
          task,
          `${silent.length === 1 ? 'an input has' : 'inputs have'} no description: ${silent.join(', ')}`,
        );
    }));

  it('has examples', () =>
    law('it has examples, and each parses', () =>
      expect(definition.examples?.length ?? 0, 'there are no examples').toBeGreaterThan(0),
    ));

  for (const { title, with: given } of definition.examples ?? []) {
    it(`example: ${title}`, async () => {
      const input = await parsed(definition, given);
      await expectPureFacts(definition, input);
      await expectPureAnswers(definition, input);
      await expectNoSecretWords(definition, given);
    });
  }
}

async function parsed(definition: Definition, given: unknown): Promise<unknown> {
  const result = definition.input.safeParse(given);
  await law('it has examples, and each parses', () => {
    if (!result.success) throw new Error(z.prettifyError(result.error));
    expect(() => definition.facts(result.data)).not.toThrow();
  });
  return result.data;
}

function expectUndo(undo: unknown): void {
  if (typeof undo === 'function') return;
  const { irreversible, again } = (undo ?? {}) as { irreversible?: unknown; again?: unknown };
  const why = irreversible ?? again;
  expect(typeof why, '`undo` is a function, { irreversible: why } or { again: why }').toBe('string');
  expect(String(why).trim(), 'why it cannot be undone').not.toBe('');
}

function isDescribed(property: { description?: unknown; $ref?: unknown }): boolean {
  return (
    property.$ref !== undefined ||
    (typeof property.description === 'string' && property.description.trim() !== '')
  );
}
