import { defineState, Secret } from '@claw-run/core';
import * as z from 'zod';
import {
  create,
  editedFile,
  fileActions,
  filePath,
  plainText,
  state,
  sudo,
  textValue,
} from '../edit/edited-file.ts';
import { editKeyValue } from '../edit/key-value-edit.ts';
import { maker } from '../facts/login.ts';
import { textFile } from '../facts/text-file.ts';

export const format = z
  .enum(['shell', 'plain'])
  .default('shell')
  .describe(
    '`shell`: assignments as in /etc/default, in quotes where needed; `plain`: the rest of the line, as in sysctl.conf',
  );

export const keyValue = defineState({
  id: 'linux.key-value',
  on: 'host',
  summary: 'A file of KEY=value lines sets a key to a value, or does not set it',
  description:
    'Comments, order, spacing, quotes and `export` stay; a new key goes to the end. A key that is set twice is refused, and in the shell ' +
    'format a value that is not one plain or quoted word (with expansions, say).',
  risk: 'routine',
  input: z
    .strictObject({
      path: filePath,
      key: z
        .string()
        .regex(/^[^\s=#'"]+$/, 'must be one word')
        .describe('The key'),
      value: textValue.optional().describe('The value, without quotes'),
      format,
      export: z.boolean().default(false).describe('Write `export` before a new assignment'),
      create,
      sudo,
      state,
    })
    .refine((it) => it.state === 'absent' || it.value !== undefined, 'give a value, or `state: absent`')
    .refine(
      (it) => it.value === undefined || !/[\r\n]/.test(plainText(it.value)),
      'the value must be one line',
    )
    .refine(
      (it) => it.format === 'shell' || !/^\s|\s$/.test(plainText(it.value ?? '')),
      'a plain value has no space around it',
    )
    .refine(
      (it) => it.format === 'plain' || /^[A-Za-z_]\w*$/.test(it.key),
      'a shell variable is letters, digits and _',
    ),
  examples: [
    {
      title: 'The options of a service',
      with: { path: '/etc/default/claw-scheduler', key: 'OPTIONS', value: '--log-level debug' },
    },
    {
      title: 'A kernel setting',
      with: {
        path: '/etc/sysctl.d/60-claw.conf',
        key: 'net.core.somaxconn',
        value: 1024,
        format: 'plain',
        create: true,
      },
    },
  ],
  facts: (input) => ({ file: textFile(input, input.value instanceof Secret), maker: maker(input) }),
  desire: (input, seen) =>
    editedFile(input, seen, (text) =>
      editKeyValue(text, {
        key: input.key,
        value: input.state === 'absent' || input.value === undefined ? undefined : plainText(input.value),
        format: input.format,
        exported: input.export,
      }),
    ),
  actions: (from, to, input) => fileActions(from.file, to.file, input),
});
