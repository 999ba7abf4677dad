import { defineCheck, type Fact, fail, pass, runFact, unknown } from '@claw-run/core';
import * as z from 'zod';
import { failed } from '../lib/exit.ts';

/** Debian's and Red Hat's own databases; 100 where there is neither. */
const script =
  'if command -v dpkg-query >/dev/null; then dpkg-query -W -f "\\${db:Status-Abbrev}|\\${Version}\\n" -- "$1"; ' +
  'elif command -v rpm >/dev/null; then rpm -q --qf "ii |%{VERSION}-%{RELEASE}\\n" -- "$1"; else exit 100; fi';

type Installed = { readonly known: boolean; readonly version: string | null };

export const packagePresent = defineCheck({
  id: 'linux.package-present',
  on: 'host',
  summary: 'A package is installed',
  description:
    'Asks dpkg or rpm, whichever the host has. A package that is removed but for its configuration is not installed.',
  input: z.strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9+._:-]*$/, 'must be the name of a package')
      .describe('Its name on this distribution'),
    version: z.string().min(1).optional().describe('What its version has to begin with'),
  }),
  examples: [{ title: 'The client of the directory', with: { name: 'sssd', version: '2.' } }],
  facts: (input) => ({ package: installed(input.name) }),
  expect: (input, seen) => {
    const { known, version } = seen.package;
    if (!known) return unknown('the host has neither dpkg nor rpm');
    if (version === null) return fail(`package ${input.name} is not installed`);
    return input.version === undefined || version.startsWith(input.version)
      ? pass(`package ${input.name} ${version} is installed`, { version })
      : fail(`package ${input.name} is ${version}, not ${input.version}`, { version });
  },
});

function installed(name: string): Fact<'host', Installed> {
  return runFact({
    key: `package ${name}`,
    argv: ['sh', '-c', script, 'sh', name],
    about: ['packages'],
    parse: (result) => {
      if (result.exit === 100) return { known: false, version: null };
      if (result.exit > 1) throw failed('the package database', result);
      const [status = '', version] = (result.stdout.split('\n')[0] ?? '').split('|');
      return {
        known: true,
        version: result.exit === 0 && status.startsWith('ii') && version !== undefined ? version : null,
      };
    },
  });
}
