import { defineCheck, type Fact, fail, pass, runFact, unknown } from '@claw-run/core';
import * as z from 'zod';
import { argv, userName } from '../inputs.ts';
import { lastLine } from '../lib/exit.ts';
import { withoutRead } from '../lib/same-read.ts';

const id = z.int().min(0).max(4294967294);

const input = z
  .strictObject({
    pid: z.int().positive().optional().describe('A process of the container, as the host counts'),
    command: argv
      .optional()
      .describe('Runs something in a container that prints its uid: `podman run --rm image id -u`'),
    as: userName.optional().describe('Who runs `command`, in a fresh login session'),
    inside: id.describe('The uid inside'),
    outside: id.optional().describe('The uid on the host that it must be; with `pid`'),
  })
  .refine((it) => (it.pid === undefined) !== (it.command === undefined), 'give either `pid` or `command`')
  .refine((it) => (it.pid === undefined) === (it.outside === undefined), '`pid` and `outside` go together');

/** Rows of user_namespaces(7): first uid inside, first uid outside, how many. */
type Row = readonly [inside: number, outside: number, count: number];

export const uidMapping = defineCheck({
  id: 'linux.uid-mapping',
  on: 'host',
  summary: 'A container gives a user the uid that is expected of it',
  description:
    'With `pid`, by the map of the process (`/proc/PID/uid_map`, user_namespaces(7)): uid `inside` must be uid `outside` of the host. With ' +
    '`command`, by what a command run as the user says its uid is inside.',
  input,
  examples: [
    { title: 'Root of a container is nobody special', with: { pid: 4711, inside: 0, outside: 100000 } },
    {
      title: 'Jobs run as the user',
      with: { command: ['singularity', 'exec', 'image.sif', 'id', '-u'], as: 'alice', inside: 1002 },
    },
  ],
  facts: ({ pid, command, as }) => ({
    rows: pid === undefined ? withoutRead(said(command ?? ['true'], as), 'no uid map', null) : rows(pid),
    said: command === undefined ? withoutRead(rows(pid ?? 1), 'no uid inside', null) : said(command, as),
  }),
  expect: (input, seen) => {
    if (input.command !== undefined) {
      const { said } = seen;
      if (said === null || said.uid === null)
        return unknown(`${input.command[0]} gave no uid: ${said?.text ?? ''}`);
      const evidence = { inside: said.uid };
      return said.uid === input.inside
        ? pass(`the uid inside is ${said.uid}`, evidence)
        : fail(`the uid inside is ${said.uid}, not ${input.inside}`, evidence);
    }
    if (seen.rows === null) return unknown(`process ${input.pid} does not run`);
    const row = seen.rows.find(([first, , count]) => input.inside >= first && input.inside < first + count);
    const evidence = { map: seen.rows };
    if (row === undefined)
      return fail(`uid ${input.inside} inside is nobody on the host: the map does not have it`, evidence);
    const outside = row[1] + input.inside - row[0];
    return outside === input.outside
      ? pass(`uid ${input.inside} inside is uid ${outside} of the host`, evidence)
      : fail(`uid ${input.inside} inside is uid ${outside} of the host, not ${input.outside}`, evidence);
  },
});

function rows(pid: number): Fact<'host', readonly Row[] | null> {
  return runFact({
    key: `uid map of process ${pid}`,
    argv: ['cat', `/proc/${pid}/uid_map`],
    about: ['process'],
    parse: ({ exit, stdout }) =>
      exit !== 0
        ? null
        : stdout.split('\n').flatMap((line): Row[] => {
            const [inside, outside, count] = line.trim().split(/\s+/).map(Number);
            return inside === undefined || outside === undefined || count === undefined
              ? []
              : [[inside, outside, count]];
          }),
  });
}

function said(
  command: readonly [string, ...string[]],
  as: string | undefined,
): Fact<'host', { uid: number | null; text: string } | null> {
  return runFact({
    key: `uid by ${command.join(' ')}`,
    argv: command,
    ...(as === undefined ? {} : { as }),
    parse: ({ exit, stdout, stderr }) => {
      const text = lastLine(stdout);
      return exit === 0 && /^\d+$/.test(text)
        ? { uid: Number(text), text }
        : { uid: null, text: `it ended with ${exit}: ${lastLine(stderr) || text || 'it said nothing'}` };
    },
  });
}
