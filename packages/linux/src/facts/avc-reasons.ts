import { type Fact, type RunResult, runFact } from '@claw-run/core';
import type { Denial } from './avc.ts';
import { typeOf } from './selinux.ts';

/** What the policy says about denials, asked for only where there are some. */
export type Reasons = {
  /** Port types that a domain may use: by `domain class permission`. */
  readonly allowed: { readonly [access: string]: readonly string[] };
  /** Where an inode is, and the type that the policy has for it. */
  readonly files: { readonly [inode: string]: { readonly path: string; readonly policy: string } };
  /** Booleans that would allow an event. */
  readonly booleans: { readonly [event: string]: readonly string[] };
};

/** Inodes are looked for in the usual places, ten seconds long each. */
const script = `
since=$1 accesses=$2 inodes=$3
echo '== allowed'
command -v sesearch >/dev/null && for access in $accesses; do
  IFS=, read -r domain class permission <<E
$access
E
  sesearch -A -s "$domain" -c "$class" -p "$permission"
done
echo '== files'
for inode in $inodes; do
  case $inode in
    /*) path=$inode;;
    *) path=$(timeout 10 find /etc /srv /opt /var /usr /home /run /root -xdev -inum "$inode" -print -quit 2>/dev/null);;
  esac
  [ -n "$path" ] && echo "$inode $(matchpathcon "$path")"
done
echo '== why'
command -v audit2why >/dev/null &&
  ausearch --input-logs -m avc,user_avc -ts $(date -d "@$since" '+%m/%d/%y %H:%M:%S') --raw | audit2why
exit 0
`;

export function reasons(from: number, found: readonly Denial[]): Fact<'host', Reasons> {
  const ports = found.filter(({ port }) => port !== null);
  const names = Map.groupBy(ports, (one) => `${one.domain},${one.class}`);
  const accesses = [...names].map(
    ([who, some]) => `${who},${[...new Set(some.flatMap(({ permissions }) => permissions))].join(',')}`,
  );
  const files = new Set(
    found.flatMap(({ path, inode }) =>
      path !== null && !/\s/.test(path) ? [path] : inode === null ? [] : [inode],
    ),
  );
  return runFact({
    key: 'reasons of the denials of SELinux',
    argv: ['sh', '-c', script, 'reasons', String(Math.floor(from)), accesses.join(' '), [...files].join(' ')],
    sudo: true,
    about: ['selinux'],
    timeoutSeconds: 240,
    parse: parseReasons,
  });
}

export function parseReasons({ stdout }: RunResult): Reasons {
  const part = (name: string) => (stdout.split(`== ${name}\n`)[1] ?? '').split(/^== /m)[0]?.split('\n') ?? [];
  const allowed: Record<string, string[]> = {};
  for (const line of part('allowed')) {
    const [, domain, target = '', kind, permissions = ''] =
      /^allow (\S+) (\S+):(\S+) (?:\{ ([^}]+) \}|\S+;)/.exec(line) ?? [];
    if (domain === undefined) continue;
    const names = permissions === '' ? [/(\S+);/.exec(line)?.[1] ?? ''] : permissions.trim().split(/\s+/);
    for (const name of names) {
      const access = `${domain} ${kind} ${name}`;
      allowed[access] = [...(allowed[access] ?? []), target];
    }
  }
  const files = part('files').flatMap((line) => {
    const [, key = '', path = '', context = ''] = /^(\S+) (.*)\t(\S+)$/.exec(line) ?? [];
    return key === '' ? [] : [[key, { path, policy: typeOf(context) }] as const];
  });
  const booleans: Record<string, string[]> = {};
  let event = '';
  for (const line of part('why')) {
    event = /msg=audit\(([\d.]+:\d+)\)/.exec(line)?.[1] ?? event;
    const name = /setsebool -P (\S+) /.exec(line)?.[1];
    if (name !== undefined) booleans[event] = [...(booleans[event] ?? []), name];
  }
  return { allowed, files: Object.fromEntries(files), booleans };
}
