import { defineCheck, fail, pass } from '@claw-run/core';
import * as z from 'zod';
import { schedulerConfig } from '../facts/scheduler-config.ts';
import * as inputs from '../scheduler/inputs.ts';

export const schedulerConfigCheck = defineCheck({
  id: 'openclaw.scheduler-config',
  on: 'host',
  summary: "The scheduler's configuration authorizes a group",
  input: z.strictObject({ group: inputs.group, config: inputs.config, sudo: inputs.sudo }),
  examples: [{ title: 'The standard group', with: { group: 'claw-users' } }],
  facts: ({ config, sudo }) => ({ file: schedulerConfig(config, sudo) }),
  expect: ({ group, config }, { file }) => {
    if (file.is === 'absent') return fail(`there is no ${config}`);
    if (file.is === 'broken') return fail(`${config} is not YAML: ${file.problem}`);
    const { authorizedGroups } = file.config;
    return authorizedGroups.includes(group)
      ? pass(`authorized_groups in ${config} has ${group}`, authorizedGroups)
      : fail(
          `authorized_groups in ${config} is ${authorizedGroups.join(', ') || 'empty'}, without ${group}`,
          authorizedGroups,
        );
  },
});
