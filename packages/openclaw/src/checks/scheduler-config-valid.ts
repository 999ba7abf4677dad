import { defineCheck, fail, pass, runFact, unknown } from '@claw-run/core';
import * as z from 'zod';
import * as inputs from '../scheduler/inputs.ts';

export const schedulerConfigValid = defineCheck({
  id: 'openclaw.scheduler-config-valid',
  on: 'host',
  summary: 'The scheduler would start with the configuration that is on disk',
  description:
    'Asks the daemon itself (`claw-schedulerd --check`), which starts nothing: a scheduler that does not run is not brought up by a start, and one that runs is brought down by a restart, where it does not take its configuration. ' +
    'The evidence names line and key. Unknown where the file cannot be read, which is told apart by `openclaw.scheduler-confined`.',
  input: z.strictObject({ config: inputs.config, sudo: inputs.sudo }),
  examples: [{ title: 'Of this head node', with: {} }],
  facts: ({ config, sudo }) => ({
    checked: runFact({
      key: `claw-schedulerd --check of ${config}`,
      argv: ['claw-schedulerd', '--check', '--config', config],
      ...(sudo ? { sudo } : {}),
      paths: [config],
      about: [`file ${config}`, 'selinux', 'apparmor'],
      timeoutSeconds: 30,
      parse: ({ exit, stdout, stderr }) => ({
        exit,
        text:
          (stderr.trim() || stdout.trim())
            .split('\n')
            .at(-1)
            ?.replace(/^claw-schedulerd: /, '') ?? '',
      }),
    }),
  }),
  expect: ({ config }, { checked: { exit, text } }) => {
    if (exit === 0) return pass(`the scheduler takes ${config}`);
    if (exit === 1 && text.startsWith(`${config}: `)) {
      const line = Number(/: line (\d+)/.exec(text)?.[1] ?? 0);
      return fail(text, { says: text, ...(line === 0 ? {} : { line }) });
    }
    return unknown(
      exit === 127
        ? 'claw-schedulerd is not there to ask'
        : text || `claw-schedulerd --check ended with ${exit}`,
    );
  },
});
