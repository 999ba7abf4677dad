import { defineCheck, fail, pass, type RunResult, runFact, unknown } from '@claw-run/core';
import * as z from 'zod';
import * as inputs from '../scheduler/inputs.ts';

const lines = 5000;

export const logClean = defineCheck({
  id: 'openclaw.log-clean',
  on: 'host',
  summary: "The scheduler's log tells of no denial of a user since a mark",
  description: `Looks at the last ${lines} lines. The mark is a text, such as the name of the jobs of this run: what was denied before they were taken is what had to be mended.`,
  input: z.strictObject({
    user: inputs.user,
    log: inputs.log,
    since: z.string().min(1).describe('Text of the line from which on there must be no denial'),
    sudo: inputs.sudo,
  }),
  examples: [
    { title: 'Since the test jobs', with: { user: 'alice', since: 'claw-run-r20250115t104500-ab12cd' } },
  ],
  facts: ({ log, sudo }) => ({
    log: runFact({
      key: `log ${log}`,
      argv: ['tail', '-n', `${lines}`, '--', log],
      ...(sudo ? { sudo } : {}),
      paths: [log],
      about: [`file ${log}`],
      parse: ({ exit, stdout, stderr }: RunResult): { lines: readonly string[] } | { problem: string } =>
        exit === 0 ? { lines: stdout.split('\n') } : { problem: stderr.trim() },
    }),
  }),
  expect: ({ user, log, since }, { log: seen }) => {
    if ('problem' in seen) return unknown(seen.problem);
    const start = seen.lines.findIndex((line) => line.includes(since));
    if (start < 0) return fail(`no line of ${log} tells of ${since}`);
    const denials = seen.lines.slice(start).filter((line) => denies(line, user));
    return denials.length === 0
      ? pass(`${log} tells of no denial of ${user} since ${since}`)
      : fail(
          `${log} tells of ${denials.length} denials of ${user} since ${since}: ${denials[0] ?? ''}`,
          denials.slice(0, 10),
        );
  },
});

function denies(line: string, user: string): boolean {
  return (
    /Unauthorized access attempt|clw-scheduler-denied|clw-auth-failed/.test(line) &&
    wordsOf(line).includes(user)
  );
}

function wordsOf(line: string): readonly string[] {
  return line.split(/[\s,;:'"()]+/);
}
