import type { HostAction } from '@claw-run/core';
import {
  type Directory,
  type DirectoryView,
  directoryOf,
  ldapOptions,
  needsRoot,
} from '../facts/directory.ts';
import type { SssdConfig } from '../facts/sssd-config.ts';
import type { DirectoryInput } from '../inputs.ts';
import { ldifLine } from '../lib/ldif.ts';

interface Ends {
  readonly sssd: SssdConfig | null;
  readonly directory: DirectoryView | null;
}

/** What makes the members of a directory's group the others: values are added and deleted, so nobody else's are lost. */
export function directoryActions(
  from: Ends,
  to: Ends,
  input: { readonly group: string; readonly directory: DirectoryInput },
): readonly HostAction[] {
  if (!from.directory?.ok || !to.directory?.ok) return [];
  const [before, after] = [from.directory.group, to.directory.group];
  const directory = directoryOf(input.directory, from.sssd);
  if (before === null || after === null || 'missing' in directory) return [];
  const attribute = after.schema === 'rfc2307' ? 'memberUid' : 'member';
  const parts = [
    ...part(
      'add',
      attribute,
      after.members.filter((member) => !before.members.includes(member)),
    ),
    ...part(
      'delete',
      attribute,
      before.members.filter((member) => !after.members.includes(member)),
    ),
  ];
  if (parts.length === 0) return [];
  const ldif = `${[ldifLine('dn', after.dn), 'changetype: modify', ...parts].join('\n')}\n`;
  return [modify(directory, ldif, [`group ${input.group}`])];
}

function part(how: 'add' | 'delete', attribute: string, values: readonly string[]): readonly string[] {
  return values.length === 0
    ? []
    : [`${how}: ${attribute}`, ...values.map((value) => ldifLine(attribute, value)), '-'];
}

/** ldapmodify reads password and change both from files: the password is on standard input, the change comes through a pipe. */
const withPassword = 'exec 3<&0; ldif=$1; shift; printf "%s\\n" "$ldif" | ldapmodify "$@" -y /dev/fd/3';

function modify(directory: Directory, ldif: string, changes: readonly string[]): HostAction {
  const options = ldapOptions(directory);
  if (directory.password !== undefined && directory.passwordFile === undefined && !directory.external)
    return {
      do: 'run',
      argv: ['sh', '-c', withPassword, 'ldapmodify', ldif, ...options, '-D', directory.bindDn ?? ''],
      stdin: directory.password,
      changes,
    };
  return {
    do: 'run',
    argv: ['ldapmodify', ...options],
    ...(needsRoot(directory) ? { sudo: true } : {}),
    ...(directory.passwordFile === undefined ? {} : { paths: [directory.passwordFile] }),
    stdin: ldif,
    changes,
  };
}
