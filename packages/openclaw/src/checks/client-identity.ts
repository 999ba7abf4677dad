import { defineCheck, fail, pass, type RunResult, runFact, unknown } from '@claw-run/core';
import * as z from 'zod';
import { whoami } from '../facts/client.ts';
import * as inputs from '../scheduler/inputs.ts';

export const clientIdentity = defineCheck({
  id: 'openclaw.client-identity',
  on: 'host',
  summary: "A user's client runs with the user's own uid",
  description:
    'In a container whose users are not mapped, `clw` runs as another user than the one who is logged in (root, mostly), and the scheduler, which compares both, denies it.',
  input: z.strictObject({
    user: inputs.user,
    uid: z
      .int()
      .min(0)
      .optional()
      .describe('The uid that the scheduler knows; that of this host where absent'),
  }),
  examples: [{ title: 'Of Alice', with: { user: 'alice' } }],
  facts: ({ user }) => ({
    whoami: whoami(user),
    uid: runFact({
      key: `uid ${user}`,
      argv: ['id', '-u', '--', user],
      about: [`account ${user}`],
      parse: ({ exit, stdout }: RunResult) => (exit === 0 ? Number(stdout.trim()) : null),
    }),
  }),
  expect: ({ user, uid: known }, { whoami: told, uid: own }) => {
    const wanted = known ?? own;
    if (wanted === null) return unknown(`there is no user ${user} on this host`);
    if ('problem' in told) return unknown(told.problem);
    const evidence = { client: told.uid, user: wanted };
    return told.uid === wanted
      ? pass(`clw of ${user} runs as uid ${wanted}`, evidence)
      : fail(`clw of ${user} runs as uid ${told.uid}, where ${user} has uid ${wanted}`, evidence);
  },
});
