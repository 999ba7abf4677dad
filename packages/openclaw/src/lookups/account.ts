import { defineLookup, type RunResult, runFact } from '@claw-run/core';
import * as z from 'zod';
import * as inputs from '../scheduler/inputs.ts';

export const account = defineLookup({
  id: 'openclaw.account',
  on: 'host',
  summary: "A user as the scheduler's host has it: what denials are decided by",
  input: z.strictObject({ user: inputs.user }),
  examples: [{ title: 'Alice', with: { user: 'alice' } }],
  facts: ({ user }) => ({
    account: runFact({
      key: `account ${user}`,
      argv: ['sh', '-c', 'id -u -- "$1" && id -nG -- "$1"', 'sh', user],
      about: [`account ${user}`, 'file /etc/group', 'cache sssd'],
      parse: ({ exit, stdout }: RunResult) => {
        const [uid = '', groups = ''] = stdout.split('\n');
        return exit === 0 ? { uid: Number(uid), groups: groups.split(' ').filter(Boolean) } : null;
      },
    }),
  }),
  output: z.object({ uid: z.int(), groups: z.array(z.string()) }),
  value: (_input, seen) => seen.account ?? undefined,
});
