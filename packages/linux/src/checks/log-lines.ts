import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { journalTail, logFileTail } from '../facts/log.ts';
import { absolutePath, unitName } from '../inputs.ts';
import { compilePattern, pattern } from '../lib/pattern.ts';

export const logLines = defineCheck({
  id: 'linux.log-lines',
  on: 'host',
  summary: 'A log has lines that match since a mark, or has none',
  description:
    'Of a file or of the journal of a unit, from the mark that `linux.log-mark` gave. Where the file was rotated since, renamed or ' +
    'copied and cut off in place, the rest of the old one is looked at as well, packed or not; where that cannot be found, a log without a match leaves the question open. At most the last megabyte (5000 entries) counts.',
  input: z
    .strictObject({
      path: absolutePath.optional().describe('A log file'),
      unit: unitName.optional(),
      matches: pattern.describe('What a line has to match'),
      expect: z.enum(['present', 'absent']).default('absent').describe('Whether such lines are wanted'),
      since: z
        .string()
        .regex(/^(file \d+ \d+( [0-9a-f]{16} \d+)?|journal \S+)$/, 'must be what linux.log-mark gives')
        .optional()
        .describe('A mark of `linux.log-mark`; all of the file, or of this boot, where absent'),
      sinceSeconds: z
        .int()
        .positive()
        .optional()
        .describe('Of the journal: how far to look back, in place of a mark'),
    })
    .refine((it) => (it.path === undefined) !== (it.unit === undefined), 'give either `path` or `unit`')
    .refine(
      (it) => it.sinceSeconds === undefined || it.unit !== undefined,
      '`sinceSeconds` is for the journal of a `unit`',
    ),
  examples: [
    {
      title: 'Nobody was refused since',
      with: {
        path: '/var/log/claw-scheduler.log',
        matches: 'Unauthorized access attempt.*user alice',
        since: 'file 131 20480 9f86d081884c7d65 1763950000',
      },
    },
    {
      title: 'The unit has come up',
      with: { unit: 'claw-scheduler', matches: 'listening on', expect: 'present', sinceSeconds: 300 },
    },
  ],
  facts: ({ path, unit = '', since, sinceSeconds }) => ({
    log: path === undefined ? journalTail(unit, since, sinceSeconds) : logFileTail(path, since),
  }),
  expect: (input, { log }) => {
    const where = input.path ?? `the journal of ${input.unit}`;
    if (!log.ok) return unknown(`${where}: ${log.because}`);
    const found = log.lines.filter(compilePattern(input.matches).test);
    const [last] = found.slice(-1);
    const evidence = { count: found.length, last: found.slice(-5), gap: log.gap };
    if (last !== undefined) {
      const text = `${found.length} lines of ${where} match, the last: ${last}`;
      return input.expect === 'present' ? pass(text, evidence) : fail(text, evidence);
    }
    if (log.gap !== null) return unknown(`no line of ${where} matches, but ${log.gap}`, evidence);
    const none = `no line of ${where} matches`;
    return input.expect === 'present' ? fail(none, evidence) : pass(none, evidence);
  },
});
