import { defineCheck, fail, pass } from '@claw-run/core';
import * as z from 'zod';
import { userName } from '../inputs.ts';
import { accountFacts, moreAccountFacts, obstaclesOf } from '../lib/account-state.ts';

export const accountUsable = defineCheck({
  id: 'linux.account-usable',
  on: 'host',
  summary: 'Nothing about the account of a user stands in the way of a login',
  description:
    'The host knows the user; a password that it keeps itself is not locked (`!` in shadow(5)), and neither the account nor the password has expired; for a user of a directory, sssd runs ' +
    'and the server answers. `from` narrows the question, so that each can be a cause of its own. Whether the password is right only a login tells.',
  input: z.strictObject({
    user: userName,
    from: z
      .enum(['any', 'directory-client', 'directory', 'unknown', 'locked', 'expired', 'password-expired'])
      .default('any')
      .describe('Which obstacle counts'),
  }),
  examples: [
    { title: 'Alice', with: { user: 'alice' } },
    { title: 'The cause is a lock', with: { user: 'alice', from: 'locked' } },
  ],
  facts: ({ user }) => accountFacts(user),
  moreFacts: ({ user }, seen) => moreAccountFacts(user, seen),
  expect: ({ user, from }, seen) => {
    const all = obstaclesOf(user, seen);
    const evidence = { obstacles: all.map((one) => ({ ...one })) };
    const counted = all.filter(({ obstacle }) => from === 'any' || obstacle === from);
    return counted.length === 0
      ? pass(
          all.length === 0 ? `the account of ${user} can be used` : `that is not it: ${all[0]?.because}`,
          evidence,
        )
      : fail(counted.map(({ because }) => because).join('; '), evidence);
  },
});
