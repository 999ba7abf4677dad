import { defineCheck, fail, pass, Secret, unknown } from '@claw-run/core';
import * as z from 'zod';
import { filePath } from '../edit/edited-file.ts';
import { isText, type TextFile, textFile, textOf } from '../facts/text-file.ts';
import { compilePattern, pattern } from '../lib/pattern.ts';

const input = z
  .strictObject({
    path: filePath,
    content: z
      .union([z.instanceof(Secret), z.string()])
      .optional()
      .describe('All of its text'),
    pattern: pattern.optional().describe('Regular expression that a line of it matches'),
    'no-pattern': pattern.optional().describe('Regular expression that no line of it matches'),
    mode: z
      .string()
      .regex(/^[0-7]{3,4}$/)
      .optional()
      .describe('Permissions, as octal digits in quotes'),
    owner: z.string().optional().describe('Name of the user who owns it'),
    group: z.string().optional().describe('Name of the group'),
    sudo: z.boolean().default(false).describe('Read it as root'),
    state: z.enum(['present', 'absent']).default('present').describe('`absent`: there is no such file'),
  })
  .describe('A file and what is true of it');

type Input = z.output<typeof input>;

export const fileMatches = defineCheck({
  id: 'linux.file-matches',
  on: 'host',
  summary: 'A file has a content, a line, a mode or owners, or is not there',
  input,
  examples: [
    { title: 'Only root reads the key', with: { path: '/etc/claw/tls.key', mode: '0600', owner: 'root' } },
    {
      title: 'Nothing was denied',
      with: { path: '/var/log/claw-scheduler.log', 'no-pattern': 'Unauthorized access', sudo: true },
    },
  ],
  facts: (input) => ({ file: textFile(input, input.content instanceof Secret) }),
  expect: (input, { file }) => {
    if (file === null)
      return input.state === 'absent' ? pass(`there is no ${input.path}`) : fail(`there is no ${input.path}`);
    const evidence = { mode: octal(file.mode), owner: file.owner, group: file.group };
    if (input.state === 'absent') return fail(`${input.path} is there`, evidence);
    if (asksForText(input) && !isText(file)) return unknown(`${input.path} is not UTF-8 text`, evidence);
    const wrong = differences(input, file);
    return wrong.length === 0
      ? pass(`${input.path} is as it should be`, evidence)
      : fail(`${input.path}: ${wrong.join('; ')}`, evidence);
  },
});

function differences(input: Input, file: TextFile): readonly string[] {
  const text = textOf(file);
  const lines = text.split(/\r?\n/);
  const content = input.content instanceof Secret ? input.content.reveal() : input.content;
  const unwanted = input['no-pattern'];
  const at = unwanted === undefined ? -1 : lines.findIndex(compilePattern(unwanted).test);
  const wanted = input.pattern;
  return [
    content !== undefined && content !== text ? 'its text is another' : '',
    wanted !== undefined && !lines.some(compilePattern(wanted).test) ? `no line matches ${wanted}` : '',
    at >= 0 ? `line ${at + 1} matches ${unwanted}` : '',
    input.mode !== undefined && Number.parseInt(input.mode, 8) !== file.mode
      ? `its mode is ${octal(file.mode)}, not ${input.mode}`
      : '',
    input.owner !== undefined && input.owner !== file.owner
      ? `it belongs to ${file.owner}, not ${input.owner}`
      : '',
    input.group !== undefined && input.group !== file.group
      ? `its group is ${file.group}, not ${input.group}`
      : '',
  ].filter((one) => one !== '');
}

function asksForText(input: Input): boolean {
  return input.content !== undefined || input.pattern !== undefined || input['no-pattern'] !== undefined;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
