import { defineState, Secret } from '@claw-run/core';
import * as z from 'zod';
import { create, editedFile, fileActions, filePath, plainText, state, sudo } from '../edit/edited-file.ts';
import { editLine } from '../edit/line-edit.ts';
import { maker } from '../facts/login.ts';
import { textFile } from '../facts/text-file.ts';
import { compilePattern, type Pattern, pattern } from '../lib/pattern.ts';

const oneLine = z.string().regex(/^[^\r\n]*$/, 'must be one line');

export const line = defineState({
  id: 'linux.line',
  on: 'host',
  summary: 'A file has a line, or has it not',
  description:
    'With `match`, the one line that matches becomes `line`; where several do, the step refuses. A line that is not there goes after ' +
    'the last line that matches `after`, before the first that matches `before` (to the end where none does), or to the end. With `state: absent`, every line that is ' +
    'the same as `line` or matches `match` is taken away. Every other byte stays.',
  risk: 'routine',
  input: z
    .strictObject({
      path: filePath,
      line: z
        .union([z.instanceof(Secret), oneLine])
        .refine((it) => !/[\r\n]/.test(plainText(it)), 'must be one line')
        .describe('The line, without its end'),
      match: pattern.optional().describe('Regular expression that tells which line it is'),
      after: pattern.optional().describe('Regular expression of the line that a new line goes after'),
      before: pattern.optional().describe('Regular expression of the line that a new line goes before'),
      create,
      sudo,
      state,
    })
    .refine((it) => it.after === undefined || it.before === undefined, 'give either after or before'),
  examples: [
    { title: 'A name of a host', with: { path: '/etc/hosts', line: '10.0.0.5 claw-head-01' } },
    {
      title: 'One setting of sshd',
      with: {
        path: '/etc/ssh/sshd_config',
        line: 'AllowGroups claw-users wheel',
        match: '^AllowGroups\\b',
        before: '^Match\\b',
      },
    },
  ],
  facts: (input) => ({ file: textFile(input, input.line instanceof Secret), maker: maker(input) }),
  desire: (input, seen) =>
    editedFile(input, seen, (text) =>
      editLine(text, {
        line: plainText(input.line),
        match: compiled(input.match),
        after: compiled(input.after),
        before: compiled(input.before),
        present: input.state === 'present',
      }),
    ),
  actions: (from, to, input) => fileActions(from.file, to.file, input),
});

function compiled(text: string | undefined): Pattern | undefined {
  return text === undefined ? undefined : compilePattern(text);
}
