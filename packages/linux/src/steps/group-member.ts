import { defineState, type Fact, type HostAction, refused } from '@claw-run/core';
import * as z from 'zod';
import { directoryActions } from '../actions/directory-actions.ts';
import { account, localAccount } from '../facts/account.ts';
import { type DirectoryView, directoryOf, directoryView } from '../facts/directory.ts';
import { type Group, knownGroup, localGroup, shadowMembers } from '../facts/group.ts';
import { type SssdConfig, sssdConfig } from '../facts/sssd-config.ts';
import { directory, groupName, userName } from '../inputs.ts';
import { withoutRead } from '../lib/same-read.ts';
import { wantedInDirectory } from '../lib/wanted-in-directory.ts';

const input = z.strictObject({
  user: userName,
  group: groupName,
  source: z
    .enum(['auto', 'local', 'directory'])
    .default('auto')
    .describe('Where the group is kept; found out where `auto`'),
  directory,
});

type Input = z.output<typeof input>;

export const groupMember = defineState({
  id: 'linux.group-member',
  on: 'host',
  summary: 'A user belongs to a group',
  description:
    'A local group is appended to (`usermod -aG`), so the other groups of the user stay. A directory group is changed in the directory ' +
    'by `ldapmodify` on the host, `memberUid` (RFC 2307) or `member` (RFC 2307bis), and is never hidden by a local one. A primary group ' +
    'counts. Sessions and caches come to know of it later: see `linux.group-visible`.',
  risk: 'routine',
  input,
  examples: [
    { title: 'May submit jobs', with: { user: 'alice', group: 'claw-users' } },
    {
      title: 'A group in LDAP, changed by its manager',
      with: {
        user: 'lalice',
        group: 'claw-ldap',
        directory: { bindDn: 'cn=admin,dc=claw,dc=test', passwordFile: '/root/ldap.password' },
      },
    },
  ],
  facts: (input) => {
    const local = localGroup(input.group);
    return {
      local,
      known: knownGroup(input.group),
      account: account(input.user),
      localAccount: localAccount(input.user),
      // asked for at once, though only a shadowed group has members there: a turn costs more than a process
      shadow:
        input.source === 'directory'
          ? withoutRead(local, `no gshadow ${input.group}`, null)
          : shadowMembers(input.group),
      sssd: input.source === 'local' ? withoutRead(local, 'no sssd configuration', null) : sssdConfig(),
    };
  },
  moreFacts: (input, { local, sssd }) => {
    const nowhere = localGroup(input.group);
    const from = directoryOf(input.directory, sssd);
    const none: Fact<'host', DirectoryView | null> = withoutRead(
      nowhere,
      `no directory for ${input.group}`,
      null,
    );
    return {
      directory:
        isLocal(input, local) || 'missing' in from ? none : directoryView(from, input.group, input.user),
    };
  },
  desire: (input, seen) => {
    const { local, known, account } = seen;
    if (account === null)
      return refused(`there is no user ${input.user}`, 'make the account first, or correct `user`');
    if (isLocal(input, local))
      return local === null ? noGroup(input) : wantedLocally(input, { ...seen, local, account });
    if (account.gid === known?.gid && local === null) return {};
    const wanted = wantedInDirectory(input, seen);
    return 'group' in wanted ? { directory: { ...wanted, ok: true } } : wanted;
  },
  actions: (from, to, input) => [...localActions(from, to, input), ...directoryActions(from, to, input)],
  explain: (from, to, input) =>
    from.account?.gid === (from.local ?? from.known)?.gid && from.account !== null
      ? `${input.group} is the primary group of ${input.user}`
      : from.local === to.local && from.directory === to.directory
        ? `${input.user} is a member of ${input.group}`
        : undefined,
});

function isLocal({ source }: Input, local: Group | null): boolean {
  return source === 'auto' ? local !== null : source === 'local';
}

interface SeenLocally {
  readonly local: Group;
  readonly known: Group | null;
  readonly account: { readonly gid: number };
  readonly shadow: readonly string[] | null;
}

function wantedLocally({ user, group }: Input, { local, account, shadow }: SeenLocally) {
  if (local.members.includes(user) || account.gid === local.gid) return {};
  if (local.shadowed && shadow === null)
    return refused(
      `/etc/gshadow has no line for group ${group}, so the change could not be taken back to the same bytes`,
      'run `grpconv` on the host: it adds the line',
    );
  if (shadow?.includes(user))
    return refused(
      `/etc/gshadow has ${user} in group ${group}, and /etc/group has not`,
      'run `grpck` on the host: it says how to make the two agree',
    );
  return {
    local: { ...local, members: [...local.members, user] },
    ...(shadow === null ? {} : { shadow: [...shadow, user] }),
  };
}

function noGroup({ group }: Input) {
  return refused(
    `there is no local group ${group}`,
    'make it first: linux.group; or correct `group` or `source`',
  );
}

interface Ends {
  readonly local: Group | null;
  readonly localAccount: unknown;
  readonly sssd: SssdConfig | null;
  readonly directory: DirectoryView | null;
}

/** usermod(8) knows local users only; gpasswd(1) appends others. */
function localActions(from: Ends, to: Ends, { user, group }: Input): readonly HostAction[] {
  const [before, after] = [from, to].map(({ local }) => local?.members.includes(user) ?? false);
  if (before === after) return [];
  const changes = [`group ${group}`, 'file /etc/group', 'file /etc/gshadow'];
  if (!after) return [{ do: 'run', argv: ['gpasswd', '-d', user, group], sudo: true, changes }];
  return from.localAccount === null
    ? [{ do: 'run', argv: ['gpasswd', '-a', user, group], sudo: true, changes }]
    : [{ do: 'run', argv: ['usermod', '-aG', group, user], sudo: true, changes }];
}
