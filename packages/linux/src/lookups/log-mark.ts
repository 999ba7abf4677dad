import { defineLookup } from '@claw-run/core';
import * as z from 'zod';
import { logEnd } from '../facts/log.ts';
import { absolutePath, unitName } from '../inputs.ts';

export const logMark = defineLookup({
  id: 'linux.log-mark',
  on: 'host',
  summary: 'Where a log ends now, to look later only at what came after',
  description:
    'Of a file: its inode, length and a print of what stands before, so that a rotation is noticed, also one in place. Of a unit: the cursor of its last entry in the journal.',
  input: z
    .strictObject({ path: absolutePath.optional().describe('A log file'), unit: unitName.optional() })
    .refine((it) => (it.path === undefined) !== (it.unit === undefined), 'give either `path` or `unit`'),
  examples: [{ title: 'Before the mend', with: { path: '/var/log/claw-scheduler.log' } }],
  facts: ({ path, unit = '' }) => ({ end: logEnd(path === undefined ? { unit } : { path }) }),
  output: z.string().describe('For `since` of linux.log-lines'),
  value: (_input, seen) => seen.end ?? undefined,
});
