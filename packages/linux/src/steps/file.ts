import { dirname } from 'node:path/posix';
import { defineState, type Fact, refused, runFact, Secret } from '@claw-run/core';
import * as z from 'zod';
import { fileActions, filePath, state, sudo } from '../edit/edited-file.ts';
import { maker } from '../facts/login.ts';
import { isText, textFile } from '../facts/text-file.ts';

const input = z.strictObject({
  path: filePath,
  content: z
    .union([z.instanceof(Secret), z.string()])
    .optional()
    .describe('All of its text; from a parameter of type secret it is never shown'),
  mode: z
    .string()
    .regex(/^[0-7]{3,4}$/, 'must be octal digits in quotes: "0640"')
    .optional()
    .describe('Permissions, as octal digits in quotes; "0644" for a new file, "0600" if it holds a secret'),
  owner: z.string().min(1).optional().describe('Name of the user who owns it'),
  group: z.string().min(1).optional().describe('Name of the group'),
  sudo,
  state,
});

type Input = z.output<typeof input>;

export const file = defineState({
  id: 'linux.file',
  on: 'host',
  summary: 'A file has a content, a mode and owners, or is not there',
  description:
    'What is not given stays as it is. The file is written beside the old one and renamed over it, so nobody ever sees half of it; ' +
    'its SELinux label stays. Files that are no UTF-8 text and symbolic links are not replaced or removed, because undo could not ' +
    'bring them back.',
  risk: 'routine',
  input,
  examples: [
    {
      title: 'A notice',
      with: { path: '/etc/motd', content: 'Ask cluster-admins for access.\n', mode: '0644' },
    },
    { title: 'Others may not read it', with: { path: '/etc/claw/token', mode: '0640', group: 'claw' } },
    { title: 'A stale token cache is gone', with: { path: '/var/cache/claw/token', state: 'absent' } },
  ],
  facts: (input) => ({
    file: textFile(input, input.content instanceof Secret),
    maker: maker(input),
    link: link(input),
  }),
  desire: (input, seen) => {
    const { file, maker: made } = seen;
    if (input.state === 'absent') {
      if (seen.link)
        return refused(
          `${input.path} is a symbolic link`,
          'name the file that it leads to, or remove the link by hand',
        );
      if (file !== null && !isText(file)) return notText(input);
      return { file: null };
    }
    if (file === null && input.content === undefined)
      return refused(`there is no file ${input.path}`, 'correct `path`, or give its `content`');
    if (file !== null && !isText(file)) return notText(input);
    const usual = input.content instanceof Secret ? 0o600 : 0o644;
    const before = file ?? { content: '', mode: usual, ...made };
    return {
      file: {
        content: input.content ?? before.content,
        mode: input.mode === undefined ? before.mode : Number.parseInt(input.mode, 8),
        owner: input.owner ?? before.owner,
        group: input.group ?? before.group,
      },
    };
  },
  actions: (from, to, input) => fileActions(from.file, to.file, input),
});

/** Whether the path itself is a symbolic link; only asked where something is to be removed. */
function link({ path, sudo, state }: Input): Fact<'host', boolean> {
  const key = `link ${path}`;
  if (state === 'present') return { ...textFile({ path, sudo }), key, parse: () => false };
  return runFact({
    key,
    argv: ['readlink', '--', path],
    ...(sudo ? { sudo } : {}),
    // the link itself is looked at, not where it leads
    paths: [dirname(path)],
    about: [`file ${path}`],
    parse: ({ exit }) => exit === 0,
  });
}

function notText({ path }: Input) {
  return refused(`${path} is not UTF-8 text: undo could not bring it back`, 'change it by a command step');
}
