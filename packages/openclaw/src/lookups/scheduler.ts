import { defineLookup } from '@claw-run/core';
import * as z from 'zod';
import { schedulerConfig } from '../facts/scheduler-config.ts';
import * as inputs from '../scheduler/inputs.ts';

export const scheduler = defineLookup({
  id: 'openclaw.scheduler',
  on: 'host',
  summary: 'What the configuration of the scheduler says',
  input: z.strictObject({ config: inputs.config, sudo: inputs.sudo }),
  examples: [{ title: 'Of this head node', with: {} }],
  facts: ({ config, sudo }) => ({ file: schedulerConfig(config, sudo) }),
  output: z.object({
    mode: z.string().describe('groups, ldap or jwt'),
    login: z
      .string()
      .describe('users: it keeps the passwords itself; host: those of the accounts of the host'),
    authorizedGroups: z.array(z.string()),
    adminGroups: z.array(z.string()),
    host: z.string().describe('How it calls itself'),
    port: z.int(),
    listen: z.array(z.string()),
    tls: z.boolean(),
  }),
  value: (_input, { file }) => (file.is === 'read' ? file.config : undefined),
});
