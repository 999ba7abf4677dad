import { defineState, refused } from '@claw-run/core';
import * as z from 'zod';
import { jobFile } from '../facts/job-file.ts';
import * as inputs from '../scheduler/inputs.ts';
import { reindent } from '../scheduler/reindent.ts';

export const jobIndent = defineState({
  id: 'openclaw.job-indent',
  on: 'host',
  summary: 'The lines of a job file are indented as their keys ask for',
  description:
    'Changes the spaces at the starts of lines and nothing else, and only where there is one way to do it: every line is a key that jobs have, or a comment, each key is there once and stands below the one that it ' +
    'belongs to. Any other file is its owner’s to fix. Owner and mode stay; rolling back restores every byte. A file in a folder of a user is read and written as that user: where it is a link to what the user may not read, that is told.',
  risk: 'routine',
  input: z.strictObject({ file: inputs.jobFile }),
  examples: [{ title: 'A job', with: { file: '/home/alice/job.yaml' } }],
  facts: ({ file }) => ({ file: jobFile(file) }),
  desire: ({ file: path }, { file }) => {
    if (file === null) return refused(`there is no file ${path}`, 'correct `file`');
    const content = reindent(file.content);
    return content === undefined ? {} : { file: { ...file, content } };
  },
  actions: (from, to, { file: path }) =>
    to.file === null || from.file?.content === to.file.content
      ? []
      : [{ do: 'write', path, content: to.file.content, sudo: true }],
});
