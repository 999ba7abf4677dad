import { defineLookup } from '@claw-run/core';
import * as z from 'zod';
import { userName } from '../inputs.ts';
import { accountFacts, moreAccountFacts, obstaclesOf } from '../lib/account-state.ts';

export const accountState = defineLookup({
  id: 'linux.account-state',
  on: 'host',
  summary: 'What of the account of a user stands in the way of a login',
  examples: [{ title: 'Alice', with: { user: 'alice' } }],
  input: z.strictObject({ user: userName }),
  facts: ({ user }) => accountFacts(user),
  moreFacts: ({ user }, seen) => moreAccountFacts(user, seen),
  output: z.object({
    local: z.boolean().describe('The host keeps the password itself'),
    obstacles: z
      .array(z.string())
      .describe('`directory-client`, `directory`, `unknown`, `locked`, `expired`, `password-expired`'),
  }),
  value: ({ user }, seen) => ({
    local: seen.shadow !== null,
    obstacles: obstaclesOf(user, seen).map(({ obstacle }) => obstacle),
  }),
});
