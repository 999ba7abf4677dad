import { type Argv, defineState, type HostAction, refused } from '@claw-run/core';
import * as z from 'zod';
import { policySeconds, selinuxName } from '../facts/selinux.ts';
import { customBoolean, lastingBoolean, runtimeBoolean } from '../facts/selinux-boolean.ts';

export const selinuxBoolean = defineState({
  id: 'linux.selinux-boolean',
  on: 'host',
  summary: 'A boolean of SELinux is on or off, now and from the next start on',
  description:
    'As `setsebool` and `semanage boolean` (booleans(8)). Undo gives back both values, and takes away a customisation that was not there before.',
  risk: 'routine',
  settlesWithinSeconds: 30,
  input: z.strictObject({
    name: z.string().regex(selinuxName, 'must be the name of a boolean').describe('Name of the boolean'),
    value: z.boolean().describe('`true` for on'),
    permanent: z.boolean().default(true).describe('Still so after a restart of the host'),
  }),
  examples: [
    {
      title: 'The web server may reach the scheduler',
      with: { name: 'httpd_can_network_connect', value: true },
    },
  ],
  facts: (input) => ({ kept: customBoolean(input.name), now: runtimeBoolean(input.name) }),
  moreFacts: (input, { kept, now }) => ({
    lasting:
      input.permanent && kept.status !== 'disabled' && kept.custom === null && now === input.value
        ? lastingBoolean(input.name)
        : {
            ...runtimeBoolean(input.name),
            key: `SELinux boolean ${input.name}, at start`,
            parse: () => null,
          },
  }),
  desire: (input, { kept, now, lasting }) => {
    if (kept.status === 'disabled') return {};
    if (now === null)
      return refused(`the policy has no boolean ${input.name}`, 'correct `name`: getsebool -a lists them');
    const holds = !input.permanent || (kept.custom ?? lasting) === input.value;
    return { now: input.value, kept: holds ? kept : { ...kept, custom: input.value } };
  },
  actions: (from, to, { name }) => {
    const custom = to.kept.custom;
    const set: readonly HostAction[] =
      from.kept.custom === custom
        ? []
        : custom === null
          ? [changes(['python3', '-c', forget, name])]
          : [changes(['semanage', 'boolean', '-m', custom ? '--on' : '--off', name])];
    const now = set.length === 0 ? from.now : custom;
    return to.now === null || to.now === now
      ? set
      : [...set, changes(['setsebool', name, to.now ? 'on' : 'off'])];
  },
  explain: ({ kept, now }, _to, input) => {
    if (kept.status === 'disabled') return 'SELinux is off on this host, so its booleans do nothing';
    const mode =
      kept.status === 'permissive'
        ? ' (SELinux is permissive here: it only writes down what it would deny)'
        : '';
    return `${input.name} is ${now ? 'on' : 'off'}${now === input.value ? '' : ' now'}${mode}`;
  },
});

/** semanage itself only takes all customised booleans away at once. */
const forget = 'import sys, seobject; seobject.booleanRecords().delete(sys.argv[1])';

function changes(argv: Argv): HostAction {
  return { do: 'run', argv, sudo: true, timeoutSeconds: policySeconds, changes: ['selinux'] };
}
