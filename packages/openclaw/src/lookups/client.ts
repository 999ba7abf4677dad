import { defineLookup } from '@claw-run/core';
import * as z from 'zod';
import { credential } from '../facts/credential.ts';
import * as inputs from '../scheduler/inputs.ts';

export const client = defineLookup({
  id: 'openclaw.client',
  on: 'host',
  summary: 'What a user keeps for the client of the scheduler',
  input: z.strictObject({ user: inputs.user }),
  examples: [{ title: 'Of Alice', with: { user: 'alice' } }],
  facts: ({ user }) => ({ credential: credential(user) }),
  output: z.object({
    keepsCredential: z.boolean().describe('There is a password for logins without a terminal'),
  }),
  value: (_input, seen) => ({ keepsCredential: seen.credential !== null }),
});
