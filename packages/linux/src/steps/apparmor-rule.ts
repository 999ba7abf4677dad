import { defineState, type HostAction, refused } from '@claw-run/core';
import * as z from 'zod';
import { editedFile, fileActions } from '../edit/edited-file.ts';
import { editLine } from '../edit/line-edit.ts';
import { localPath, profile, ruleProblem } from '../facts/apparmor.ts';
import { textFile, textOf } from '../facts/text-file.ts';

export const apparmorRule = defineState({
  id: 'linux.apparmor-rule',
  on: 'host',
  summary: 'A profile of AppArmor has one rule more, in its local additions',
  description:
    'The rule is written to /etc/apparmor.d/local/NAME, which the profile takes in, and this one profile is loaded anew ' +
    '(apparmor_parser -r). The rule is tried on the parser before anything is written. Undo takes back both. The profile stays in force throughout.',
  risk: 'routine',
  input: z.strictObject({
    profile: z
      .string()
      .regex(/^[\w][\w.+-]*$/, 'must be the name of a file in /etc/apparmor.d')
      .describe('Name of the file of the profile in /etc/apparmor.d, such as usr.sbin.claw-schedulerd'),
    rule: z
      .string()
      .regex(/^[^#{}\r\n]+,$/, 'must be one rule that ends in a comma')
      .describe('The rule, such as `/srv/claw/** r,`'),
  }),
  examples: [
    {
      title: 'The scheduler reads its state',
      with: { profile: 'usr.sbin.claw-schedulerd', rule: '/srv/claw/** r,' },
    },
  ],
  facts: (input) => ({
    profile: profile(input.profile),
    local: textFile({ path: localPath(input.profile), sudo: true }),
    problem: ruleProblem(input.rule),
  }),
  desire: (input, seen) => {
    const file = `/etc/apparmor.d/${input.profile}`;
    if (seen.profile === null) return {};
    if (!seen.profile.there)
      return refused(`there is no ${file}`, 'correct `profile`: the files in /etc/apparmor.d');
    if (seen.problem !== null)
      return refused(`AppArmor does not take the rule: ${seen.problem}`, 'correct `rule`: apparmor.d(5)');
    if (!seen.profile.takesLocal)
      return refused(
        `${file} does not take in its local additions`,
        `put "include if exists <local/${input.profile}>" before its last brace`,
      );
    if (!seen.profile.current)
      return refused(
        `${file} was changed since it was loaded, or is not loaded`,
        `look at the change and load it: apparmor_parser -r ${file}`,
      );
    const local = editedFile(
      { path: localPath(input.profile), sudo: true, create: true, state: 'present' },
      { file: seen.local, maker: { owner: 'root', group: 'root' } },
      (text) => editLine(text, { line: input.rule, match: sameRule(input.rule), present: true }),
    );
    return 'refused' in local ? local : { local: local.file ?? seen.local, profile: seen.profile };
  },
  actions: (from, to, input) => {
    const path = localPath(input.profile);
    const write = fileActions(from.local, to.local, { path, sudo: true });
    const load: HostAction = {
      do: 'run',
      argv: ['apparmor_parser', '-r', `/etc/apparmor.d/${input.profile}`],
      sudo: true,
      changes: ['apparmor'],
    };
    return write.length > 0 || from.profile?.current !== to.profile?.current ? [...write, load] : [];
  },
  explain: ({ profile: seen, local }, to, input) => {
    if (seen === null) return 'AppArmor is off on this host, so nothing has to be allowed';
    const mode = seen.mode === 'complain' ? ' (it only complains: it writes down what it would deny)' : '';
    const has = local !== null && to.local !== null && textOf(local) === textOf(to.local);
    return `${input.profile} ${has ? 'has' : 'does not have'} the rule${mode}`;
  },
});

/** The same rule, however it is set in. */
function sameRule(rule: string): RegExp {
  const words = rule
    .trim()
    .split(/\s+/)
    .map((word) => word.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  return new RegExp(`^\\s*${words.join('\\s+')}\\s*$`, 'u');
}
