import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { knownGroup } from '../facts/group.ts';
import { type Processes, processes } from '../facts/processes.ts';
import { unit } from '../facts/unit.ts';
import { groupName, unitName } from '../inputs.ts';
import { withoutRead } from '../lib/same-read.ts';

const input = z
  .strictObject({
    group: groupName,
    pid: z.int().positive().optional().describe('Its process id'),
    unit: unitName.optional().describe('The main process of this unit'),
  })
  .refine((it) => (it.pid === undefined) !== (it.unit === undefined), 'give either `pid` or `unit`');

type Input = z.output<typeof input>;

export const processHasGroup = defineCheck({
  id: 'linux.process-has-group',
  on: 'host',
  summary: 'A process, or the main process of a unit, has a group',
  description:
    'By the credentials of the process itself, which stay as they were when it was started. For all processes of a user see ' +
    '`linux.sessions-have-group`.',
  input,
  examples: [
    { title: 'The scheduler may read the key', with: { unit: 'claw-scheduler', group: 'claw-keys' } },
    { title: 'One process', with: { pid: 4711, group: 'claw-users' } },
  ],
  facts: (input) => {
    const group = knownGroup(input.group);
    return { group, unit: input.unit === undefined ? withoutRead(group, 'no unit', null) : unit(input.unit) };
  },
  moreFacts: (input, seen) => {
    const pid = input.pid ?? seen.unit?.pid ?? 0;
    const nothing: Processes = { visible: true, list: [] };
    return {
      processes: pid === 0 ? withoutRead(knownGroup(input.group), 'no process', nothing) : processes({ pid }),
    };
  },
  expect: (input, seen) => {
    const what = nameOf(input);
    if (seen.group === null) return fail(`there is no group ${input.group}`);
    if (!seen.processes.visible) return unknown('processes of others are hidden (hidepid): log in as root');
    const [process] = seen.processes.list;
    if (process === undefined) return fail(`${what} does not run`);
    return process.gids.includes(seen.group.gid)
      ? pass(`${what} has group ${input.group}`, process)
      : fail(`${what} (pid ${process.pid}, ${process.command}) runs without group ${input.group}`, process);
  },
});

function nameOf({ pid, unit }: Input): string {
  return unit ?? `process ${pid}`;
}
