import { type Fact, type RunResult, runFact } from '@claw-run/core';

/** A profile as the kernel has it; `null` where AppArmor is off. */
export type Profile = {
  /** Whether its file is there. */
  readonly there: boolean;
  /** Whether the file takes in its local additions: `include if exists <local/NAME>`. */
  readonly takesLocal: boolean;
  /** Whether the kernel has what the files say now. */
  readonly current: boolean;
  /** `enforce` or `complain`; `null` where it is not loaded. */
  readonly mode: string | null;
} | null;

const folder = '/etc/apparmor.d';

/** Where what a site adds to a profile belongs; apparmor.d(5). */
export function localPath(profile: string): string {
  return `${folder}/local/${profile}`;
}

/** The kernel keeps a hash of what it was given, so that it can be told whether a profile was loaded since its files changed. */
const script = `
[ -r /sys/kernel/security/apparmor/profiles ] || { echo off; exit; }
[ -e "$1" ] || { echo missing; exit; }
hash=$(apparmor_parser -QTS "$1" 2>/dev/null | sha1sum)
hash=\${hash%% *}
for profile in /sys/kernel/security/apparmor/policy/profiles/*; do
  read -r loaded <"$profile/raw_sha1" || continue
  [ "$loaded" = "$hash" ] && { read -r mode <"$profile/mode"; echo "current $mode"; break; }
done
grep -Eq "^[[:space:]]*#?include[[:space:]]+(if[[:space:]]+exists[[:space:]]+)?[<\\"](\${2}/)?local/$3[>\\"]" "$1" && echo local
exit 0
`;

export function profile(name: string): Fact<'host', Profile> {
  return runFact({
    key: `AppArmor profile ${name}`,
    argv: ['sh', '-c', script, 'profile', `${folder}/${name}`, folder, name],
    sudo: true,
    about: ['apparmor', `file ${folder}/${name}`, `file ${localPath(name)}`],
    parse: parseProfile,
  });
}

export function parseProfile({ exit, stdout, stderr }: RunResult): Profile {
  if (exit !== 0) throw new Error(stderr.trim().split('\n').at(-1) || `it ended with ${exit}`);
  const lines = stdout.split('\n');
  if (lines[0] === 'off') return null;
  const mode = lines.find((line) => line.startsWith('current '))?.slice('current '.length);
  return {
    there: lines[0] !== 'missing',
    takesLocal: lines.includes('local'),
    current: mode !== undefined,
    mode: mode ?? null,
  };
}

/** What the parser says against a rule; `null` where it takes it. Nothing is loaded. */
export function ruleProblem(rule: string): Fact<'host', string | null> {
  return runFact({
    key: `AppArmor rule ${rule}`,
    argv: ['sh', '-c', 'printf \'profile x {\\n%s\\n}\\n\' "$1" | apparmor_parser -QTK', 'rule', rule],
    sudo: true,
    parse: ({ exit, stdout, stderr }) =>
      exit === 0 || exit === 127 ? null : (`${stdout}${stderr}`.trim().split('\n').at(-1) ?? ''),
  });
}
