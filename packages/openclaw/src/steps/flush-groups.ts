import { defineEvent } from '@claw-run/core';
import * as z from 'zod';
import { schedulerTopic } from '../facts/client.ts';
import * as inputs from '../scheduler/inputs.ts';

export const flushGroups = defineEvent({
  id: 'openclaw.flush-groups',
  on: 'host',
  summary: 'The scheduler has forgotten the groups that it had cached',
  description: 'A reload (SIGHUP) empties the cache; jobs go on, and the configuration is not read again.',
  risk: 'routine',
  input: z.strictObject({ service: inputs.service, sudo: inputs.sudo }),
  examples: [{ title: 'After a change of a group', with: {} }],
  facts: () => ({}),
  needed: () => 'what it has cached may be older than the groups are',
  actions: ({ service, sudo }) => [
    {
      do: 'run',
      argv: ['systemctl', 'reload', service],
      ...(sudo ? { sudo } : {}),
      changes: [schedulerTopic],
      timeoutSeconds: 60,
    },
  ],
  done: ({ service }) => ({ progress: 'done', because: `${service} was reloaded` }),
  // nothing tells afterwards that it has happened
  tidy: () => [],
  undo: { again: 'the scheduler asks for the groups as they were' },
});
