import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { clientConfig, isPast, isTokenRefused, tokenState, whoami } from '../facts/client.ts';
import * as inputs from '../scheduler/inputs.ts';

export const tokenAccepted = defineCheck({
  id: 'openclaw.token-accepted',
  on: 'host',
  summary: "The scheduler accepts the token that a user's client keeps",
  description:
    '`clw` uses what `~/.claw/config.yaml` caches, however bad. This asks the scheduler (`clw whoami` as the user in a fresh session, past any proxy); groups play no part in the answer.',
  input: z.strictObject({
    user: inputs.user,
    expired: z
      .enum(['fail', 'pass'])
      .default('fail')
      .describe(
        'What is found of a token that has expired; `pass` where `openclaw.token-current` tells it already',
      ),
  }),
  examples: [{ title: 'Of Alice', with: { user: 'alice' } }],
  facts: ({ user }) => ({ config: clientConfig(user), whoami: whoami(user) }),
  moreFacts: (_input, { config }) => ({ past: isPast(config) }),
  expect: ({ user, expired }, { config, past, whoami: told }) => {
    const looks = tokenState(config, past);
    if (looks === 'absent' || looks === 'expired') {
      const because = `the token of ${user} ${looks === 'absent' ? 'is not there' : 'has expired'}`;
      return expired === 'pass' ? pass(because) : fail(because);
    }
    if (looks === 'damaged') return fail(`~/.claw/config.yaml of ${user} holds something that is no token`);
    if ('problem' in told) return unknown(told.problem);
    if (isTokenRefused(told.error))
      return fail(`the scheduler refuses the token of ${user}, though it has not expired: ${told.error}`);
    return told.error === null
      ? pass(`the scheduler accepts the token of ${user}`)
      : unknown(`the scheduler does not say: ${told.error}`);
  },
});
