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
import { editIni } from '../edit/ini-edit.ts';
import { maker } from '../facts/login.ts';
import { textFile } from '../facts/text-file.ts';

export const iniEntry = defineState({
  id: 'linux.ini-entry',
  on: 'host',
  summary: 'An INI file has a value under a key of a section, or has not',
  description:
    'As in sssd.conf and krb5.conf: `[section]`, `key = value`. Comments, order and spacing stay; a new key goes behind the last one of ' +
    'its section, a new section to the end. A key or section that is there twice, and a value that goes on over several lines, are refused.',
  risk: 'routine',
  input: z
    .strictObject({
      path: filePath,
      section: z
        .string()
        .regex(/^[^\]\n]+$/)
        .optional()
        .describe('Name of the section, without brackets; none for the keys above the first section'),
      key: z
        .string()
        .regex(/^[^\s=:#;[\]\n]([^=:\n]*[^\s=:\n])?$/, 'must be a key, without = or :')
        .describe('The key'),
      value: textValue.optional().describe('The value, as the file should have it'),
      create,
      sudo,
      state,
    })
    .refine((it) => it.state === 'absent' || it.value !== undefined, 'give a value, or `state: absent`')
    .refine(
      (it) => it.value === undefined || isOneLine(plainText(it.value)),
      'the value must be one line, without space around it and without a backslash at its end',
    ),
  examples: [
    {
      title: 'Group changes are seen after a minute',
      with: { path: '/etc/sssd/sssd.conf', section: 'domain/claw', key: 'entry_cache_timeout', value: 60 },
    },
  ],
  facts: (input) => ({ file: textFile(input, input.value instanceof Secret), maker: maker(input) }),
  desire: (input, seen) =>
    editedFile(input, seen, (text) =>
      editIni(text, {
        section: input.section,
        key: input.key,
        value: input.state === 'absent' || input.value === undefined ? undefined : plainText(input.value),
      }),
    ),
  actions: (from, to, input) => fileActions(from.file, to.file, input),
});

/** A trailing backslash would join the next line to it. */
function isOneLine(text: string): boolean {
  return !/[\r\n]|^\s|\s$|\\$/.test(text);
}
