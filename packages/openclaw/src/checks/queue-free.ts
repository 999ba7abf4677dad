import { defineCheck, fail, isObject, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { clientFact } from '../facts/client.ts';
import * as inputs from '../scheduler/inputs.ts';

export const queueFree = defineCheck({
  id: 'openclaw.queue-free',
  on: 'host',
  summary: 'A queue of the scheduler has a free slot',
  description: 'Asks `clw queues` as the user, who has to be let in for that.',
  input: z.strictObject({
    user: inputs.user,
    queue: z.string().min(1).default('default').describe('Name of the queue'),
    slots: z.int().min(1).default(1).describe('How many must be free'),
  }),
  examples: [{ title: 'The default queue', with: { user: 'alice' } }],
  facts: ({ user }) => ({
    queues: clientFact(user, ['queues'], ({ queues }) => ({
      list: (Array.isArray(queues) ? queues : []).filter(isObject).map((one) => ({
        name: String(one.name),
        used: Number(one.used),
        slots: Number(one.slots),
      })),
    })),
  }),
  expect: ({ queue, slots }, { queues }) => {
    if ('problem' in queues) return unknown(queues.problem);
    const found = queues.list.find(({ name }) => name === queue);
    if (found === undefined)
      return fail(
        `there is no queue ${queue}; there are ${queues.list.map(({ name }) => name).join(', ') || 'none'}`,
      );
    const told = `queue ${queue}: ${found.used} of ${found.slots} slots are used`;
    return found.slots - found.used >= slots ? pass(told, found) : fail(told, found);
  },
});
