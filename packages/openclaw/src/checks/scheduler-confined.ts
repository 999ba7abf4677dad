import { defineCheck, fail, pass, type RunResult, runFact, unknown } from '@claw-run/core';
import * as z from 'zod';
import * as inputs from '../scheduler/inputs.ts';

export const schedulerConfined = defineCheck({
  id: 'openclaw.scheduler-confined',
  on: 'host',
  summary: 'No policy of the host keeps the scheduler from its port, or from what it reads',
  description:
    'The last thing that a scheduler writes which cannot start is what it was refused. It starts as root, whom no file mode and no port keeps out: EACCES is the word of SELinux or AppArmor. ' +
    '`linux.avc-denials` and `linux.apparmor-denials` tell what exactly was denied.',
  input: z.strictObject({
    from: z.enum(['port', 'file']).describe('What it may have been kept from'),
    log: inputs.log,
    sudo: inputs.sudo,
  }),
  examples: [{ title: 'It may listen', with: { from: 'port' } }],
  facts: ({ log, sudo }) => ({
    log: runFact({
      key: `last words in ${log}`,
      argv: ['tail', '-n', '20', '--', log],
      ...(sudo ? { sudo } : {}),
      paths: [log],
      about: [`file ${log}`],
      parse: ({ exit, stdout, stderr }: RunResult): { lines: readonly string[] } | { problem: string } =>
        exit === 0 ? { lines: stdout.split('\n').filter(Boolean) } : { problem: stderr.trim() },
    }),
  }),
  expect: ({ from }, { log }) => {
    if ('problem' in log) return unknown(log.problem);
    // what came before it last got up is over
    const up = log.lines.findLastIndex((line) => line.startsWith('[INFO]'));
    const refused = log.lines.slice(up + 1).find((line) => /: EACCES\b/.test(line) && kindOf(line) === from);
    return refused === undefined
      ? pass(`the scheduler was not kept from its ${from}`)
      : fail(`the scheduler, which starts as root, was refused: ${refused}`, refused);
  },
});

function kindOf(line: string): 'port' | 'file' {
  return /Cannot listen|bind/i.test(line) ? 'port' : 'file';
}
