import type { Definition } from '@claw-run/core';
import { it } from 'vitest';
import * as z from 'zod';
import { claim, law } from '../law.ts';
import { expectPureAnswers, expectPureFacts } from './pure-laws.ts';
import { expectNoSecretWords } from './secret-words.ts';
import { warn } from './told.ts';

/** The laws of a definition that need no target: what it says of itself, its examples, and that its functions are pure. */
export function describeDefinition(definition: Definition, reserved: ReadonlySet<string>): void {
  it('says what it is', async ({ task }) => {
    await law('its id is library.name, and its own', () => {
      claim(idForm.test(definition.id), `${JSON.stringify(definition.id)} is no id`);
      claim(!reserved.has(definition.id), `${definition.id} comes with claw-run`);
    });
    await law('it says what it does', () => {
      const { summary } = definition as { summary?: unknown };
      claim(typeof summary === 'string' && summary.trim() !== '', 'it has no summary');
      claim(!String(summary).includes('\n'), 'its summary is more than one line');
    });
    await law('it says where it works', () =>
      claim(['host', 'cluster'].includes(definition.on), `\`on\` is ${JSON.stringify(definition.on)}`),
    );
    if (definition.type === 'state' || definition.type === 'event')
      await law('it says what it risks', () =>
        claim(
          ['routine', 'disruptive', 'destructive'].includes(definition.risk),
          `\`risk\` is ${JSON.stringify(definition.risk) ?? 'missing'}`,
        ),
      );
    if (definition.type === 'event') await law('it says how it is undone', () => expectUndo(definition.undo));
    if ((definition.description ?? '').trim() === '') warn(task, 'it has no description');
  });

  it('has inputs that can be shown', ({ task }) =>
    law('its inputs can be shown', () => {
      const shape = z.toJSONSchema(definition.input, { io: 'input', unrepresentable: 'any' });
      claim(shape.type === 'object' || 'allOf' in shape || 'anyOf' in shape, 'the inputs are no object');
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
      claim((definition.examples?.length ?? 0) > 0, 'it has no examples'),
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
    definition.facts(result.data);
  });
  return result.data;
}

const idForm = /^[a-z][a-z0-9]*(-[a-z0-9]+)*\.[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

function expectUndo(undo: unknown): void {
  if (typeof undo === 'function') return;
  const { irreversible, again } = (undo ?? {}) as { irreversible?: unknown; again?: unknown };
  const why = irreversible ?? again;
  claim(
    typeof why === 'string' && why.trim() !== '',
    '`undo` is no function, and does not say why it cannot be undone',
  );
}

function isDescribed(property: { description?: unknown; $ref?: unknown }): boolean {
  return (
    property.$ref !== undefined ||
    (typeof property.description === 'string' && property.description.trim() !== '')
  );
}
