import { defineState, type Json, Secret } from '@claw-run/core';
import * as z from 'zod';
import { create, editedFile, fileActions, filePath, state, sudo } from '../edit/edited-file.ts';
import { editYaml, type YamlChange } from '../edit/yaml-edit.ts';
import { keysOf, yamlPath } from '../edit/yaml-path.ts';
import { maker } from '../facts/login.ts';
import { textFile } from '../facts/text-file.ts';

const input = z
  .strictObject({
    path: filePath,
    at: yamlPath,
    value: z
      .union([z.instanceof(Secret), z.json()])
      .optional()
      .describe('The value that it has there'),
    member: z.json().optional().describe('A value that the list there has; the other members stay'),
    create,
    sudo,
    state,
  })
  .refine((it) => it.value === undefined || it.member === undefined, 'give either value or member')
  .refine(
    (it) => it.state === 'absent' || it.value !== undefined || it.member !== undefined,
    'give a value or a member, or `state: absent`',
  );

export const yamlEntry = defineState({
  id: 'linux.yaml-entry',
  on: 'host',
  summary: 'A YAML file has a value at a path, or a list in it has a member, or has not',
  description:
    'Only the bytes of that value change: comments, order, indentation, quotes and line ends of the rest stay. Files that are not YAML, keys ' +
    'that are there twice, and values that anchors or aliases share with other places are refused with line and column.',
  risk: 'routine',
  input,
  examples: [
    {
      title: 'One more group may use the scheduler',
      with: { path: '/etc/claw-scheduler/config.yaml', at: 'auth.authorized_groups', member: 'claw-users' },
    },
    {
      title: 'The scheduler asks the directory',
      with: { path: '/etc/claw-scheduler/config.yaml', at: 'auth.mode', value: 'groups' },
    },
  ],
  facts: (input) => ({ file: textFile(input, input.value instanceof Secret), maker: maker(input) }),
  desire: (input, seen) =>
    editedFile(input, seen, (text) => editYaml(text, keysOf(input.at), changeOf(input))),
  actions: (from, to, input) => fileActions(from.file, to.file, input),
});

function changeOf({ state, value, member }: z.output<typeof input>): YamlChange {
  if (member !== undefined) return { member: member as Json, present: state === 'present' };
  if (state === 'absent' || value === undefined) return { remove: true };
  return { set: value instanceof Secret ? value.reveal() : (value as Json) };
}
