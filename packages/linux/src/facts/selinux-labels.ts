import { type Fact, type RunResult, runFact } from '@claw-run/core';
import { customised, type SELinux } from './selinux.ts';

/** Rules for labels that were customised: the pattern of paths, and the context. */
export type CustomLabels = {
  readonly status: SELinux['status'];
  readonly rules: { readonly [target: string]: string };
};

/** A file and its label, and the one that the policy wants; `null` where there is no file, or the policy says nothing. */
export type Label = { readonly label: string | null; readonly policy: string | null };
export type Labels = { readonly [path: string]: Label };

export function customLabels(): Fact<'host', CustomLabels> {
  return customised('file_contexts.local', ({ status, lines }) => ({
    status,
    rules: Object.fromEntries(
      lines.map((line) => {
        const words = line.split(/\s+/);
        return [words.slice(0, -1).join(' '), words.at(-1) ?? ''];
      }),
    ),
  }));
}

const script = `
[ -e /sys/fs/selinux/enforce ] || exit 0
if [ -e "$1" ]; then
  find "$1" $2 -printf '%Z %p\\n'
  echo
  find "$1" $2 -print0 | xargs -0 matchpathcon
else
  echo
  matchpathcon "$1"
fi
`;

/** The labels of a path, and of all below it: as they are, and as the policy wants them (matchpathcon(8)). */
export function labels({
  path,
  recursive,
}: {
  readonly path: string;
  readonly recursive: boolean;
}): Fact<'host', Labels> {
  return runFact({
    key: `SELinux labels ${path}`,
    argv: ['sh', '-c', script, 'labels', path, recursive ? '' : '-prune'],
    sudo: true,
    paths: [path],
    about: ['selinux', `file ${path}`],
    timeoutSeconds: 120,
    parse: parseLabels,
  });
}

export function parseLabels({ stdout }: RunResult): Labels {
  const [, found = '', wanted = ''] = /^([\s\S]*?)^\n([\s\S]*)$/m.exec(stdout) ?? [];
  const labelled = new Map(
    found
      .split('\n')
      .flatMap((line) => pair(line, ' '))
      .map(([label, path]) => [path, label]),
  );
  const policy = new Map(wanted.split('\n').flatMap((line) => pair(line, '\t')));
  return Object.fromEntries(
    [...new Set([...labelled.keys(), ...policy.keys()])].sort().map((path) => {
      const says = policy.get(path);
      return [
        path,
        {
          label: labelled.get(path) ?? null,
          policy: says === undefined || says === '<<none>>' ? null : says,
        },
      ];
    }),
  );
}

function pair(line: string, separator: string): (readonly [string, string])[] {
  const at = line.indexOf(separator);
  return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
}
