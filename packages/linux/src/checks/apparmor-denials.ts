import { defineCheck, fail, pass } from '@claw-run/core';
import * as z from 'zod';
import { type AppArmorDenial, apparmorDenials as denialsSince } from '../facts/apparmor-denials.ts';
import { since } from '../lib/since.ts';

export const apparmorDenials = defineCheck({
  id: 'linux.apparmor-denials',
  on: 'host',
  summary: 'AppArmor has denied nothing since a moment',
  description:
    'Reads the journal and the log of auditd. Each kind of denial comes with the rule that would allow it, for `linux.apparmor-rule`; see apparmor.d(5).',
  input: z.strictObject({
    since,
    profile: z.string().optional().describe('Only of this profile, as AppArmor names it'),
  }),
  examples: [
    {
      title: 'The scheduler was denied nothing',
      with: { since: '2025-01-15T10:45:00Z', profile: 'claw-schedulerd' },
    },
  ],
  facts: (input) => ({ denials: denialsSince(input.since) }),
  expect: (input, seen) => {
    const found = seen.denials.filter(
      ({ profile }) => input.profile === undefined || profile === input.profile,
    );
    if (found.length === 0) return pass(`AppArmor has denied nothing since ${input.since}`);
    const told = found.map((one) => ({
      denied: `${one.command} (profile ${one.profile}) was denied ${one.operation}${one.name === null ? '' : ` on ${one.name}`}`,
      profile: one.profile,
      rule: ruleFor(one),
    }));
    const [first] = told;
    const more = told.length > 1 ? ` (and ${told.length - 1} more)` : '';
    const rule = first?.rule ?? null;
    return fail(
      `${first?.denied}; ${rule === null ? 'no simple rule would allow it' : `the rule \`${rule}\` would allow it`}${more}`,
      { denials: told },
    );
  },
});

/** The narrowest rule that allows what was denied; `null` where it takes more than a rule. */
function ruleFor({ operation, name, mask, more }: AppArmorDenial): string | null {
  if (more.capname !== undefined) return `capability ${more.capname},`;
  if (operation === 'capable' && name !== null) return `capability ${name},`;
  if (more.family !== undefined)
    return `network ${[more.family, more.sock_type].filter((one) => one !== undefined).join(' ')},`;
  if (more.signal !== undefined)
    return `signal (${mask ?? 'send'}) set=(${more.signal})${more.peer === undefined ? '' : ` peer=${more.peer}`},`;
  if (name === null || !name.startsWith('/') || mask === null) return null;
  const letters = new Set([...mask].map((letter) => (letter === 'c' || letter === 'd' ? 'w' : letter)));
  const access = ['r', 'w', 'a', 'l', 'k', 'm'].filter(
    (letter) => letters.has(letter) && !(letter === 'a' && letters.has('w')),
  );
  const execute = letters.has('x') ? ['ix'] : [];
  const path = /[\s"]/.test(name) ? `"${name}"` : name;
  return access.length + execute.length === 0 ? null : `${path} ${[...access, ...execute].join('')},`;
}
