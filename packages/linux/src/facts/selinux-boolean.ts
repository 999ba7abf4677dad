import { type Fact, type RunResult, runFact } from '@claw-run/core';
import { customised, type SELinux } from './selinux.ts';

export type Boolean = {
  readonly status: SELinux['status'];
  /** What was customised for good; `null` where the policy's own value holds. */
  readonly custom: boolean | null;
};

/** What a boolean is from the next start on, as far as it was customised. */
export function customBoolean(name: string): Fact<'host', Boolean> {
  const fact = customised('booleans.local', ({ status, lines }) => {
    const value = lines.map((line) => line.split('=')).find(([key]) => key === name)?.[1];
    return { status, custom: value === undefined ? null : value === '1' };
  });
  return { ...fact, key: `SELinux boolean ${name}, kept` };
}

/** What a boolean is now; `null` where the policy has none of that name. */
export function runtimeBoolean(name: string): Fact<'host', boolean | null> {
  return runFact({
    key: `SELinux boolean ${name}`,
    argv: ['cat', `/sys/fs/selinux/booleans/${name}`],
    about: ['selinux'],
    parse: ({ exit, stdout }) => (exit === 0 ? stdout.startsWith('1') : null),
  });
}

/** The value that holds from the next start on, whoever set it; takes seconds. */
export function lastingBoolean(name: string): Fact<'host', boolean | null> {
  return runFact({
    key: `SELinux boolean ${name}, at start`,
    argv: ['semanage', 'boolean', '-l', '-n'],
    sudo: true,
    about: ['selinux'],
    timeoutSeconds: 120,
    parse: (result) => parseBooleans(result, name),
  });
}

/** Reads `semanage boolean -l`: `httpd_can_network_connect  (off  ,  on)  …`, now and at start. */
export function parseBooleans({ stdout }: RunResult, name: string): boolean | null {
  for (const line of stdout.split('\n')) {
    const [, key, , lasting] = /^(\S+)\s+\((on|off)\s*,\s*(on|off)\)/.exec(line) ?? [];
    if (key === name) return lasting === 'on';
  }
  return null;
}
