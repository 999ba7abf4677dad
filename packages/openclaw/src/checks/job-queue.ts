import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import { parseDocument } from 'yaml';
import * as z from 'zod';
import { jobFile } from '../facts/job-file.ts';
import * as inputs from '../scheduler/inputs.ts';

export const jobQueue = defineCheck({
  id: 'openclaw.job-queue',
  on: 'host',
  summary: 'A job file is for a certain queue',
  input: z.strictObject({ file: inputs.jobFile, queue: inputs.queue }),
  examples: [{ title: 'For the batch queue', with: { file: '/home/alice/job.yaml', queue: 'batch' } }],
  facts: ({ file }) => ({ file: jobFile(file) }),
  expect: ({ file: path, queue }, { file }) => {
    if (file === null) return unknown(`there is no file ${path}`);
    const document = parseDocument(file.content);
    const [error] = document.errors;
    if (error !== undefined) return unknown(`${path} is not YAML: ${error.message.split('\n')[0]}`);
    const found = document.getIn(['job', 'queue']) ?? 'default';
    return found === queue
      ? pass(`${path} is for queue ${queue}`)
      : fail(`${path} is for queue ${String(found)}, not for ${queue}`);
  },
});
