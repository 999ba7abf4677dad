import { type Fact, type RunResult, runFact } from '@claw-run/core';

/** Whether SELinux is in force, and lines of a file that keeps what was customised (without comments). */
export type SELinux = {
  readonly status: 'enforcing' | 'permissive' | 'disabled';
  readonly lines: readonly string[];
};

/** Shell built-ins only, but for one grep: semanage would take a second and more. */
const script = `
[ -r /sys/fs/selinux/enforce ] || { echo disabled; exit; }
read -r enforce </sys/fs/selinux/enforce
echo "$enforce"
while IFS== read -r name value; do [ "$name" = SELINUXTYPE ] && type=$value; done </etc/selinux/config
grep -sv -e '^#' -e '^$' "/var/lib/selinux/$type/active/$1"
[ $? -le 2 ]
`;

/** What libsemanage keeps as local customisations: `ports.local`, `file_contexts.local`, `booleans.local`. */
export function customised<V>(file: string, parse: (selinux: SELinux) => V): Fact<'host', V> {
  return runFact({
    key: `SELinux ${file}`,
    argv: ['sh', '-c', script, 'selinux', file],
    sudo: true,
    about: ['selinux'],
    parse: (result) => parse(parseSelinux(result)),
  });
}

export function parseSelinux({ exit, stdout, stderr }: RunResult): SELinux {
  const [first, ...rest] = stdout.split('\n');
  const lines = rest.map((line) => line.trim()).filter((line) => line !== '');
  if (first === 'disabled') return { status: 'disabled', lines };
  if (exit !== 0 || first === undefined || !/^[01]$/.test(first))
    throw new Error(stderr.trim().split('\n').at(-1) || 'the state of SELinux cannot be read');
  return { status: first === '1' ? 'enforcing' : 'permissive', lines };
}

/** The type of a context: `system_u:object_r:http_port_t:s0` is of `http_port_t`. */
export function typeOf(context: string): string {
  return context.split(':')[2] ?? '';
}

/** The name of a type, boolean or range, as policies write them. */
export const selinuxName = /^[A-Za-z_][\w.]*$/;

/** Seconds that libsemanage may take to build the policy anew; a slow machine takes half a minute. */
export const policySeconds = 240;
