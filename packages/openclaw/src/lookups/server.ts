import { defineLookup } from '@claw-run/core';
import * as z from 'zod';
import { whoami } from '../facts/client.ts';
import * as inputs from '../scheduler/inputs.ts';

export const server = defineLookup({
  id: 'openclaw.server',
  on: 'host',
  summary: "Where a user's client looks for the scheduler",
  description: 'Its URL comes from `~/.claw/config.yaml`, or from what the site configures.',
  input: z.strictObject({ user: inputs.user }),
  examples: [{ title: 'Of Alice', with: { user: 'alice' } }],
  facts: ({ user }) => ({ whoami: whoami(user) }),
  output: z.object({ host: z.string().describe('Name or address'), port: z.int() }),
  value: (_input, { whoami: told }) => {
    if ('problem' in told || !URL.canParse(told.server)) return undefined;
    const { hostname, port, protocol } = new URL(told.server);
    return {
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(port || (protocol === 'http:' ? 80 : 443)),
    };
  },
});
