import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { type Denial, denials } from '../facts/avc.ts';
import { type Reasons, reasons } from '../facts/avc-reasons.ts';
import { selinuxName } from '../facts/selinux.ts';
import { customPorts } from '../facts/selinux-ports.ts';
import { seconds, since } from '../lib/since.ts';

export const avcDenials = defineCheck({
  id: 'linux.avc-denials',
  on: 'host',
  summary: 'SELinux has denied nothing since a moment',
  description:
    'Reads the audit log (ausearch(8)). Each kind of denial comes with what would allow it: a type for the port that the domain may use, the ' +
    'label that the policy has for the file, or a boolean; so that nobody has to turn SELinux off. Denials of a permissive host count too, and are said to be such.',
  input: z.strictObject({
    since,
    domain: z
      .string()
      .regex(selinuxName)
      .optional()
      .describe('Only of processes of this type, such as claw_scheduler_t'),
    command: z
      .string()
      .optional()
      .describe('Only of processes of this name (at most 15 characters, as the kernel has it)'),
  }),
  examples: [
    {
      title: 'The scheduler was denied nothing',
      with: { since: '2025-01-15T10:45:00Z', domain: 'claw_scheduler_t' },
    },
  ],
  facts: (input) => ({ selinux: customPorts(), denials: denials(input.since) }),
  moreFacts: (input, seen) => ({
    reasons:
      chosen(seen.denials, input).length > 0
        ? reasons(seconds(input.since), chosen(seen.denials, input))
        : {
            ...customPorts(),
            key: 'no reasons',
            parse: (): Reasons => ({ allowed: {}, files: {}, booleans: {} }),
          },
  }),
  expect: (input, seen) => {
    if (seen.selinux.status === 'disabled') return pass('SELinux is off on this host');
    if (seen.denials === null)
      return unknown(
        'denials are not written down where they could be read: ausearch or the log of auditd is not there',
      );
    const found = chosen(seen.denials, input);
    if (found.length === 0)
      return pass(`SELinux (${seen.selinux.status}) has denied nothing since ${input.since}`);
    const told = found.map((one) => ({ ...described(one), allow: remedy(one, seen.reasons) }));
    const [first] = told;
    const more = told.length > 1 ? ` (and ${told.length - 1} more)` : '';
    return fail(`${first?.denied}; ${first?.allow}${more}`, { status: seen.selinux.status, denials: told });
  },
});

function chosen(
  all: readonly Denial[] | null,
  { domain, command }: { readonly domain?: string | undefined; readonly command?: string | undefined },
): readonly Denial[] {
  return (all ?? []).filter(
    (one) =>
      (domain === undefined || one.domain === domain) && (command === undefined || one.command === command),
  );
}

function described(one: Denial) {
  const { command, domain, target, class: kind, permissions, port, path, permissive } = one;
  const what = port === null ? (path ?? `a ${kind}`) : `port ${port}`;
  const how = permissive ? 'would be denied' : 'was denied';
  return {
    denied: `${command} (${domain}) ${how} ${permissions.join(', ')} on ${what} (${target})`,
    domain,
    target,
    class: kind,
    permissions,
    ...(port === null ? {} : { port }),
    ...(path === null ? {} : { path }),
    permissive,
  };
}

/** What would allow it, the narrowest first. */
function remedy(one: Denial, { allowed, files, booleans }: Reasons): string {
  if (one.port !== null) {
    const types = one.permissions.flatMap((name) => allowed[`${one.domain} ${one.class} ${name}`] ?? []);
    const proto = one.class.startsWith('udp') ? 'udp' : 'tcp';
    if (types.length > 0)
      return `give port ${one.port}/${proto} a type that ${one.domain} may use: ${[...new Set(types)].join(', ')} (linux.selinux-port)`;
  }
  const file = files[one.path ?? ''] ?? files[one.inode ?? ''];
  if (file !== undefined && file.policy !== '' && file.policy !== one.target)
    return `${file.path} has the label ${one.target}, the policy has ${file.policy} for it: restore it (linux.selinux-fcontext)`;
  const switches = booleans[one.event] ?? [];
  if (switches.length > 0)
    return `a boolean would allow it: ${switches.join(' or ')} (linux.selinux-boolean)`;
  if (file !== undefined)
    return `the policy has ${one.target} for ${file.path} too: give it a type that ${one.domain} may use (linux.selinux-fcontext), or move it`;
  return 'no type, label or boolean is known that would allow it: the policy of the domain has to';
}
