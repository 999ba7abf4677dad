import { defineEvent, type Fact, type HostAction, runFact } from '@claw-run/core';
import * as z from 'zod';
import { absolutePath, argv, userName } from '../inputs.ts';
import { lastLine } from '../lib/exit.ts';
import { withoutRead } from '../lib/same-read.ts';

const input = z
  .strictObject({
    argv: argv.describe('The command and its words; no shell reads them'),
    unless: argv
      .optional()
      .describe(
        'A command that only looks: where it ends with 0 there is nothing to do, and afterwards it has to',
      ),
    undo: argv
      .optional()
      .describe('The command that takes it back, after which `unless` no longer ends with 0'),
    sudo: z.boolean().default(false).describe('Run all of them as root'),
    as: userName.optional().describe('Run all of them as this user, in a fresh login session'),
    changes: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'What of the host it changes, for the plan of later steps: `file /etc/x`, `group NAME`, `service NAME.service`',
      ),
    paths: z
      .array(absolutePath)
      .default([])
      .describe(
        'Paths among its words: where another user can change where one leads, the command runs as that user in place of root, and where several can, not at all',
      ),
    timeoutSeconds: z.int().positive().max(3600).default(60).describe('How long each of them may take'),
  })
  .refine(
    (it) => it.undo === undefined || it.unless !== undefined,
    '`undo` takes an `unless` to tell whether it has to be taken back',
  );

type Input = z.output<typeof input>;
type Command = Input['argv'];

export const command = defineEvent({
  id: 'linux.command',
  on: 'host',
  summary: 'A command has been run',
  description:
    'For what no step is made for. With `unless` it runs only where it has to and is proved by it; without, it runs once in every run, and again ' +
    'when a run that was killed is resumed. Without `undo` it cannot be undone, which the plan says.',
  risk: 'disruptive',
  settlesWithinSeconds: 60,
  input,
  examples: [
    {
      title: 'With a way to tell and a way back',
      with: {
        argv: ['loginctl', 'enable-linger', 'alice'],
        unless: ['test', '-e', '/var/lib/systemd/linger/alice'],
        undo: ['loginctl', 'disable-linger', 'alice'],
        sudo: true,
      },
    },
    { title: 'Once in every run', with: { argv: ['update-ca-certificates'], sudo: true } },
  ],
  facts: (input) => ({ look: look(input) }),
  needed: (input, { look }) => {
    if (input.unless === undefined) return 'it runs once in every run';
    return look.exit === 0 ? undefined : `${text(input.unless)} ends with ${look.exit}`;
  },
  actions: (input) => [act(input, input.argv)],
  done: (input, { look }) => {
    if (input.unless === undefined || look.exit === 0)
      return { progress: 'done', because: `${text(input.argv)} has been run` };
    return {
      progress: 'pending',
      because: `${text(input.unless)} still ends with ${look.exit}${look.said === '' ? '' : `: ${look.said}`}`,
    };
  },
  irreversible: (input) =>
    input.undo === undefined ? `there is no \`undo\` for ${text(input.argv)}` : undefined,
  undo: (input, before, now) =>
    input.undo !== undefined && before.look.exit !== 0 && now.look.exit === 0 ? [act(input, input.undo)] : [],
});

/** How `unless` ends; where there is none, nothing is run for it. */
function look(input: Input): Fact<'host', { readonly exit: number; readonly said: string }> {
  const argv: Command = input.unless ?? ['true'];
  const fact = runFact({
    key: text(argv),
    argv,
    ...how(input),
    about: [...input.changes, ...argv.flatMap((word) => (word.startsWith('/') ? [`file ${word}`] : []))],
    parse: ({ exit, stderr }) => ({ exit, said: lastLine(stderr) }),
  });
  return input.unless === undefined ? withoutRead(fact, 'nothing to look at', { exit: 1, said: '' }) : fact;
}

function act(input: Input, argv: Command): HostAction {
  return { do: 'run', argv, ...how(input), changes: input.changes };
}

function how({ sudo, as, paths, timeoutSeconds }: Input) {
  return {
    ...(sudo ? { sudo: true } : {}),
    ...(as === undefined ? {} : { as }),
    ...(paths.length === 0 ? {} : { paths }),
    timeoutSeconds,
  };
}

function text(argv: Command): string {
  return argv.join(' ');
}
