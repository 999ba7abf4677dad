import { defineState, type HostAction, Secret } from '@claw-run/core';
import * as z from 'zod';
import { clientTopic } from '../facts/client.ts';
import { credential as credentialOf } from '../facts/credential.ts';
import * as inputs from '../scheduler/inputs.ts';

// Written beside and renamed, by the user: root may not write to a home that is mounted from elsewhere.
const write =
  'umask 077 && cat > "$HOME/.claw/credentials.claw-run" && mv -f "$HOME/.claw/credentials.claw-run" "$HOME/.claw/credentials"';

export const credential = defineState({
  id: 'openclaw.credential',
  on: 'host',
  summary: 'The credential that a user keeps for logins is the one that holds',
  description:
    'Writes `~/.claw/credentials` as the user, where the user keeps one; nobody is made to keep a password in a file. Undo brings back every byte.',
  risk: 'routine',
  input: z.strictObject({
    user: inputs.user,
    password: z
      .union([z.instanceof(Secret), z.string().transform((text) => new Secret(text))])
      .describe('Sent through standard input, never as an argument'),
  }),
  examples: [{ title: 'After a reset', with: { user: 'alice', password: 'correct horse' } }],
  facts: ({ user }) => ({ credential: credentialOf(user) }),
  desire: ({ password }, { credential }) =>
    credential === null || credential.reveal().replace(/\r?\n$/, '') === password.reveal()
      ? {}
      : { credential: new Secret(`${password.reveal()}\n`) },
  actions: (from, to, { user }): readonly HostAction[] =>
    to.credential === null || from.credential?.reveal() === to.credential.reveal()
      ? []
      : [
          {
            do: 'run',
            argv: ['sh', '-c', write],
            as: user,
            stdin: to.credential,
            changes: [clientTopic(user)],
          },
        ],
});
