import { type HostAction, type Refused, refused, Secret, secretsIn } from '@claw-run/core';
import * as z from 'zod';
import type { Owners } from '../facts/login.ts';
import { type FileInput, isText, type TextFile, textOf } from '../facts/text-file.ts';
import { behindMark, type Edit } from './edit.ts';

export const filePath = z
  .string()
  .regex(/^\/(?!.*\/$)[^\0\n]+$/, 'must be the absolute path of a file')
  .describe('Absolute path of the file');

export const sudo = z
  .boolean()
  .default(true)
  .describe(
    'Read and write it as root, or as the one user who can change what leads there; `false` for files of the user who is logged in',
  );

export const state = z
  .enum(['present', 'absent'])
  .default('present')
  .describe('`absent` takes away what the other inputs describe');

export const create = z
  .boolean()
  .default(false)
  .describe('Make the file when there is none; with a secret in it for its owner alone');

/** A value of a configuration: a text, from a parameter of type secret if need be. */
export const textValue = z.union([z.instanceof(Secret), z.string(), z.number(), z.boolean()]);

/** The value as text. */
export function plainText(value: z.output<typeof textValue>): string {
  return value instanceof Secret ? value.reveal() : String(value);
}

interface EditInput extends FileInput {
  readonly create: boolean;
  readonly state: 'present' | 'absent';
}

/** What a step that edits the text of a file wants: the whole file, every other line as it is. */
export function editedFile(
  input: EditInput,
  seen: { readonly file: TextFile | null; readonly maker: Owners },
  edit: (text: string) => Edit,
): { readonly file?: TextFile } | Refused {
  const { file, maker } = seen;
  if (file === null && input.state === 'absent') return {};
  if (file === null && !input.create)
    return refused(`there is no file ${input.path}`, 'correct `path`, or say `create: true` to have it made');
  if (file !== null && !isText(file))
    return refused(`${input.path} is not UTF-8 text`, 'convert it first (iconv), or correct `path`');
  const before = file === null ? '' : textOf(file);
  const edited = behindMark(before, edit);
  if ('problem' in edited)
    return refused(
      `${input.path}:${edited.line}:${edited.column}: ${edited.problem}`,
      'mend the file by hand, or correct the inputs',
    );
  if (edited.text === before && file !== null) return {};
  const secret = file?.content instanceof Secret || secretsIn(input).length > 0;
  const content = secret ? new Secret(edited.text) : edited.text;
  return { file: file === null ? { content, mode: secret ? 0o600 : 0o644, ...maker } : { ...file, content } };
}

/** The actions that lead a file from any state to any other. */
export function fileActions(
  from: TextFile | null,
  to: TextFile | null,
  { path, sudo }: FileInput,
): readonly HostAction[] {
  const how = sudo ? { sudo } : {};
  if (to === null) return from === null ? [] : [{ do: 'remove', path, ...how }];
  const { content, mode, owner, group } = to;
  const same =
    from !== null &&
    textOf(from) === textOf(to) &&
    from.mode === mode &&
    from.owner === owner &&
    from.group === group;
  return same ? [] : [{ do: 'write', path, content, mode, owner, group, ...how }];
}
