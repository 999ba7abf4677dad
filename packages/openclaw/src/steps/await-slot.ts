import { defineEvent } from '@claw-run/core';
import * as z from 'zod';
import { fillOf, queuesOf } from '../facts/queues.ts';
import * as inputs from '../scheduler/inputs.ts';

export const awaitSlot = defineEvent({
  id: 'openclaw.await-slot',
  on: 'host',
  summary: 'A queue that was full has a free slot again',
  description:
    'Only waits, for as long as the step may take (`timeout`), and tells who holds the slots meanwhile: no job is cancelled, moved or put before another. A queue that is not there, or not open to the user, is not waited for.',
  risk: 'routine',
  settlesWithinSeconds: 1800,
  input: z.strictObject({
    user: inputs.user,
    queue: inputs.queue,
    slots: z.int().min(1).default(1).describe('How many must be free'),
  }),
  examples: [{ title: 'The default queue', with: { user: 'alice' } }],
  facts: ({ user }) => ({ queues: queuesOf(user) }),
  needed: ({ queue, slots }, { queues }) => {
    const found = 'problem' in queues ? undefined : queues.list.find(({ name }) => name === queue);
    return found === undefined || !found.allowed || found.slots - found.used >= slots
      ? undefined
      : `queue ${queue}: ${fillOf(found)}; this waits for jobs to end, and ends none`;
  },
  actions: () => [],
  done: ({ queue, slots }, { queues }) => {
    if ('problem' in queues) return { progress: 'pending', because: queues.problem };
    const found = queues.list.find(({ name }) => name === queue);
    if (found === undefined) return { progress: 'failed', because: `there is no queue ${queue} any more` };
    const because = `queue ${queue}: ${fillOf(found)}`;
    return { progress: found.slots - found.used >= slots ? 'done' : 'pending', because };
  },
  undo: () => [],
});
