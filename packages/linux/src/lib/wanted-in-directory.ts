import { type Refused, refused } from '@claw-run/core';
import { type DirectoryGroup, type DirectoryView, directoryOf } from '../facts/directory.ts';
import type { Group } from '../facts/group.ts';
import type { SssdConfig } from '../facts/sssd-config.ts';
import type { DirectoryInput } from '../inputs.ts';
import { innerGroups, lists } from './dn.ts';

interface Wanted {
  readonly user: string;
  readonly group: string;
  readonly directory: DirectoryInput;
}

interface SeenOfDirectory {
  readonly local: Group | null;
  readonly known: Group | null;
  readonly sssd: SssdConfig | null;
  readonly directory: DirectoryView | null;
}

/** The group in the directory with the user in it; nothing where it is so already. */
export function wantedInDirectory(
  input: Wanted,
  { local, known, sssd, directory }: SeenOfDirectory,
): { group: DirectoryGroup; user: { readonly dn: string } | null } | Record<never, never> | Refused {
  const { user, group } = input;
  if (local !== null)
    return refused(
      `the local group ${group} (gid ${local.gid}) hides the one of the directory on this host`,
      'remove or rename the local one, or say `source: local`',
    );
  const from = directoryOf(input.directory, sssd);
  if ('missing' in from)
    return known === null
      ? refused(
          `there is no group ${group}, local or in a directory`,
          'make it first: linux.group; or correct `group`',
        )
      : refused(
          `group ${group} is in a directory, and sssd.conf does not say where that is`,
          `give \`directory.${from.missing}\` (for IPA and Active Directory use their own tools)`,
        );
  if (directory === null || !directory.ok)
    return refused(
      `the directory of group ${group} cannot be asked: ${directory?.because ?? 'nothing was read'}`,
      'correct `directory`, or bring the server up',
    );
  const entry = directory.group;
  if (entry === null)
    return refused(
      `${from.uri} shows no group ${group} below ${from.base}`,
      'correct `group` or `directory.base`; where nobody may read without logging in, give `directory.passwordFile`',
    );
  const member = entry.schema === 'rfc2307' ? user : directory.user?.dn;
  if (member === undefined)
    return refused(
      `${from.uri} has no user ${user}, and group ${group} lists its members by DN`,
      'make the user in the directory first',
    );
  if (lists(entry, user, directory.user?.dn)) return {};
  const [inner] = innerGroups(entry);
  if (inner !== undefined && known?.members.includes(user))
    return refused(
      `${user} is in group ${group} as the host sees it, and not listed there itself: by ${inner}, it seems, and groups in groups are not looked into`,
      'manage the inner group, or say that one; where the host is behind the directory, flush it first (linux.sssd-flush)',
    );
  if (!from.external && (from.bindDn === undefined || (from.password ?? from.passwordFile) === undefined))
    return refused(
      `${user} is not in group ${group} of ${from.uri}, and there is no login to change that`,
      'give `directory.bindDn` with `password` or `passwordFile`, or `directory.external: true`',
    );
  return { group: { ...entry, members: [...entry.members, member].toSorted() }, user: directory.user };
}
