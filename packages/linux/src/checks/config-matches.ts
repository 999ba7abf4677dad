import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { filePath } from '../edit/edited-file.ts';
import { iniValue } from '../edit/ini-edit.ts';
import { keyValue } from '../edit/key-value-edit.ts';
import { type Problem, yamlValue } from '../edit/yaml-find.ts';
import { keysOf, pathText, yamlPath } from '../edit/yaml-path.ts';
import { isText, textFile, textOf } from '../facts/text-file.ts';

const oneFormat = 'give exactly one of yaml, ini, shell and plain';

const input = z
  .strictObject({
    path: filePath,
    yaml: yamlPath.optional(),
    ini: z
      .strictObject({ section: z.string().optional(), key: z.string() })
      .optional()
      .describe('Section and key of an INI file'),
    shell: z.string().optional().describe('A variable that a file of shell assignments sets'),
    plain: z.string().optional().describe('A key of a file of `key = value` lines'),
    value: z.json().optional().describe('The value that it has there'),
    member: z.json().optional().describe('A value that the list there has'),
    state: z.enum(['present', 'absent']).default('present').describe('`absent`: it does not have it'),
    sudo: z.boolean().default(false).describe('Read the file as root'),
  })
  .refine(
    (it) => [it.yaml, it.ini, it.shell, it.plain].filter((one) => one !== undefined).length === 1,
    oneFormat,
  )
  .refine((it) => it.value === undefined || it.member === undefined, 'give either value or member')
  .refine((it) => it.member === undefined || it.yaml !== undefined, 'only lists of YAML have members');

type Input = z.output<typeof input>;

export const configMatches = defineCheck({
  id: 'linux.config-matches',
  on: 'host',
  summary: 'A configuration file has a value, or a list in it has a member',
  description:
    'Values of INI and KEY=value files are texts. Without `value` and `member`, that something is set is enough.',
  input,
  examples: [
    {
      title: 'The scheduler lets the group in',
      with: { path: '/etc/claw-scheduler/config.yaml', yaml: 'auth.authorized_groups', member: 'claw-users' },
    },
    {
      title: 'The directory is asked again after a minute',
      with: {
        path: '/etc/sssd/sssd.conf',
        ini: { section: 'domain/claw', key: 'entry_cache_timeout' },
        value: 60,
        sudo: true,
      },
    },
  ],
  facts: (input) => ({ file: textFile(input) }),
  expect: (input, { file }) => {
    const wanted = input.state === 'present';
    if (file === null) return (wanted ? fail : pass)(`there is no file ${input.path}`);
    if (!isText(file)) return unknown(`${input.path} is not UTF-8 text`);
    const found = valueIn(input, textOf(file));
    if ('problem' in found) return unknown(`${input.path}:${found.line}:${found.column}: ${found.problem}`);
    const { value } = found;
    const name = nameOf(input);
    const evidence = { value: value ?? null };
    const has = matches(input, found);
    const told = value === undefined ? `${name} is not set` : `${name} is ${JSON.stringify(value)}`;
    return has === wanted
      ? pass(`${told} in ${input.path}`, evidence)
      : fail(`${told} in ${input.path}${lacks(input)}`, evidence);
  },
});

function valueIn(input: Input, raw: string) {
  const text = raw.replace(/^\uFEFF/, '');
  if (input.yaml !== undefined) return yamlValue(text, keysOf(input.yaml));
  if (input.ini !== undefined) return iniValue(text, { section: input.ini.section, key: input.ini.key });
  if (input.shell !== undefined) return keyValue(text, { key: input.shell, format: 'shell' });
  return keyValue(text, { key: input.plain ?? '', format: 'plain' });
}

function matches(
  { member, value: wanted }: Input,
  found: Exclude<ReturnType<typeof valueIn>, Problem>,
): boolean {
  if (found.value === undefined) return false;
  if (member !== undefined) return 'has' in found && found.has(member);
  if (wanted === undefined) return true;
  return 'is' in found ? found.is(wanted) : found.value === String(wanted);
}

function lacks({ member, value, state }: Input): string {
  const wanted = member ?? value;
  if (wanted === undefined || state === 'absent') return '';
  return `, ${member === undefined ? 'not' : 'without'} ${JSON.stringify(wanted)}`;
}

function nameOf(input: Input): string {
  if (input.yaml !== undefined) return pathText(keysOf(input.yaml));
  if (input.ini !== undefined)
    return `${input.ini.section === undefined ? '' : `[${input.ini.section}] `}${input.ini.key}`;
  return input.shell ?? input.plain ?? '';
}
