import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { account } from '../facts/account.ts';
import { knownGroup } from '../facts/group.ts';
import { type Processes, processes } from '../facts/processes.ts';
import { groupName, userName } from '../inputs.ts';
import { sessionsText } from '../lib/group-layers.ts';
import { withoutRead } from '../lib/same-read.ts';

export const sessionsHaveGroup = defineCheck({
  id: 'linux.sessions-have-group',
  on: 'host',
  summary: 'Every running process of a user has a group',
  description:
    'A process keeps the groups that it was started with (credentials(7)): who was logged in before a group was granted does not have it. Evidence ' +
    'is a list of the processes without it, with their login sessions.',
  input: z.strictObject({ user: userName, group: groupName }),
  examples: [{ title: 'Nobody has to log in again', with: { user: 'alice', group: 'claw-users' } }],
  facts: (input) => ({ account: account(input.user), group: knownGroup(input.group) }),
  moreFacts: (input, seen) => ({
    processes:
      seen.account === null
        ? withoutRead<Processes>(account(input.user), 'no processes', { visible: true, list: [] })
        : processes(seen.account),
  }),
  expect: (input, seen) => {
    if (seen.account === null) return unknown(`there is no user ${input.user}`);
    if (seen.group === null) return unknown(`there is no group ${input.group}`);
    if (!seen.processes.visible) return unknown('processes of others are hidden (hidepid): log in as root');
    const { gid } = seen.group;
    const { list } = seen.processes;
    const without = list
      .filter(({ gids }) => !gids.includes(gid))
      .map(({ pid, command, session }) => ({ pid, command, session }));
    if (without.length > 0) return fail(sessionsText(without), without);
    return pass(
      list.length === 0
        ? `${input.user} runs nothing`
        : `all ${list.length} processes of ${input.user} have ${input.group}`,
    );
  },
});
