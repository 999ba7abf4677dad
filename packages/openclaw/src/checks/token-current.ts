import { defineCheck, fail, pass } from '@claw-run/core';
import * as z from 'zod';
import { clientConfig } from '../facts/client.ts';
import * as inputs from '../scheduler/inputs.ts';

export const tokenCurrent = defineCheck({
  id: 'openclaw.token-current',
  on: 'host',
  summary: "The token that a user's client keeps has not expired by the clock of the host",
  description:
    'Reads `exp` from the token in `~/.claw/config.yaml` itself; no signature is needed for that, and whether it holds only the scheduler can say (`openclaw.token-accepted`).',
  input: z.strictObject({ user: inputs.user }),
  examples: [{ title: 'Of Alice', with: { user: 'alice' } }],
  facts: (input) => ({ config: clientConfig(input.user) }),
  expect: ({ user }, { config }) => {
    const token = config?.token ?? { looks: 'absent' };
    switch (token.looks) {
      case 'absent':
        return fail(`${user} is not logged in: ~/.claw/config.yaml holds no token`);
      case 'damaged':
        return pass(`what ~/.claw/config.yaml of ${user} holds is no token that could expire`);
      case 'expired':
        return fail(`the token of ${user} expired at ${token.expiresAt}`, token);
      case 'current':
        return pass(`the token of ${user} expires at ${token.expiresAt ?? 'no time'}`, token);
    }
  },
});
