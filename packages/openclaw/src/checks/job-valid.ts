import { defineCheck, fail, pass, type RunResult, runFact, unknown } from '@claw-run/core';
import * as z from 'zod';
import { clw } from '../facts/client.ts';
import * as inputs from '../scheduler/inputs.ts';

export const jobValid = defineCheck({
  id: 'openclaw.job-valid',
  on: 'host',
  summary: 'A job file is one that the scheduler takes',
  description:
    'Asks `clw validate` as the user. A file with a wrong indent is refused with clw-job-invalid before anybody asks who may submit it, and so hides a denial.',
  input: z.strictObject({
    user: inputs.user,
    file: z.string().startsWith('/').describe('Absolute path of the job file'),
  }),
  examples: [{ title: 'A job', with: { user: 'alice', file: '/home/alice/job.yaml' } }],
  facts: ({ user, file }) => ({
    said: runFact({
      key: `clw validate ${file}`,
      argv: clw('validate', file),
      as: user,
      about: [`file ${file}`],
      parse: ({ exit, stdout, stderr }: RunResult) => ({
        exit,
        text: (stderr.trim() || stdout.trim()).split('\n').at(-1) ?? '',
      }),
    }),
  }),
  expect: ({ file }, { said }) => {
    if (said.exit === 0) return pass(`${file} is valid`);
    return said.text.startsWith('clw-job-invalid')
      ? fail(said.text.replace(/^clw-job-invalid: /, ''), said.text)
      : unknown(said.exit === 127 ? 'clw is not there; install it, or choose a host that has it' : said.text);
  },
});
