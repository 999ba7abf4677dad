import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { fillOf, queuesOf } from '../facts/queues.ts';
import * as inputs from '../scheduler/inputs.ts';

export const queueFree = defineCheck({
  id: 'openclaw.queue-free',
  on: 'host',
  summary: 'A queue of the scheduler has a free slot',
  description:
    'Asks `clw queues` as the user, who has to be let in for that. Tells who holds the slots, and which other queues the user may use that have room.',
  input: z.strictObject({
    user: inputs.user,
    queue: inputs.queue,
    slots: z.int().min(1).default(1).describe('How many must be free'),
  }),
  examples: [{ title: 'The default queue', with: { user: 'alice' } }],
  facts: ({ user }) => ({ queues: queuesOf(user) }),
  expect: ({ user, queue, slots }, { queues }) => {
    if ('problem' in queues) return unknown(queues.problem);
    const found = queues.list.find(({ name }) => name === queue);
    if (found === undefined)
      return fail(
        `there is no queue ${queue}; there are ${queues.list.map(({ name }) => name).join(', ') || 'none'}`,
      );
    const others = queues.list.filter(
      (one) => one.name !== queue && one.allowed && one.slots - one.used >= slots,
    );
    const room =
      others.length === 0
        ? 'no other queue has room'
        : `there is room for ${user} in ${others.map(({ name, used, slots: all }) => `${name} (${used} of ${all} used)`).join(', ')}`;
    const evidence = { ...found, others: others.map(({ name }) => name) };
    if (!found.allowed) return fail(`queue ${queue} is not open to ${user}; ${room}`, evidence);
    const told = `queue ${queue}: ${fillOf(found)}`;
    return found.slots - found.used >= slots ? pass(told, evidence) : fail(`${told}; ${room}`, evidence);
  },
});
