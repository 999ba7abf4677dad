import { defineCheck, fail, pass } from '@claw-run/core';
import * as z from 'zod';
import { clientConfig, isPast } from '../facts/client.ts';
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
  moreFacts: (_input, { config }) => ({ past: isPast(config) }),
  expect: ({ user }, { config, past }) => {
    const token = config?.token;
    if (token?.looks === 'damaged')
      return pass(`what ~/.claw/config.yaml of ${user} holds is no token that could expire`);
    if (token?.looks !== 'well') return fail(`${user} is not logged in: ~/.claw/config.yaml holds no token`);
    const expiresAt = token.expires === null ? null : iso(token.expires);
    const evidence = { user: token.user, expiresAt };
    return past
      ? fail(`the token of ${user} expired at ${expiresAt}`, evidence)
      : pass(`the token of ${user} expires at ${expiresAt ?? 'no time'}`, evidence);
  },
});

function iso(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}
