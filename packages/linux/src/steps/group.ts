import { defineState, type Fact, type HostAction, type Refused, refused } from '@claw-run/core';
import * as z from 'zod';
import { state } from '../edit/edited-file.ts';
import {
  accountsAmong,
  type Group,
  groupElsewhere,
  knownGroup,
  localGroup,
  type ShadowEntry,
  shadowEntry,
  usersOfPrimaryGroup,
} from '../facts/group.ts';
import { groupName } from '../inputs.ts';
import { withoutRead } from '../lib/same-read.ts';

const input = z
  .strictObject({
    name: groupName,
    gid: z.int().min(1).max(4294967294).optional().describe('Its number; the host chooses one where absent'),
    system: z.boolean().default(false).describe('Take the number from those for system groups'),
    state: state.describe('`absent`: no local group has the name'),
  })
  .refine(({ state, gid, system }) => state === 'present' || (gid === undefined && !system), {
    path: ['state'],
    error: '`gid` and `system` tell of a group that is to be there; leave them out with `state: absent`',
  });

type Input = z.output<typeof input>;

/** What of a local group can be told before it is made: its number only where it was asked for. */
type Made = { readonly members: readonly string[]; readonly gid?: number };

export const group = defineState({
  id: 'linux.group',
  on: 'host',
  summary: 'A local group exists, or is not there',
  description:
    'A name that a directory has is refused: /etc/group goes before the directory, so a local group would take the members away. ' +
    'Undo removes the group that was made (groupadd(8), groupdel(8)), as long as nobody else has put members into it. ' +
    'A group that is to be gone is refused where it is the primary group of a local user; undo gives it back with its number, its members and its ' +
    'administrators, as the last line of /etc/group. A group that hides one of the directory is refused: groupadd would not make it again.',
  risk: 'routine',
  input,
  examples: [
    { title: 'A group of users', with: { name: 'claw-users' } },
    { title: 'With the same number on every host', with: { name: 'claw-users', gid: 4100 } },
    { title: 'Nobody needs it any more', with: { name: 'claw-trial', state: 'absent' } },
  ],
  facts: (input) => {
    const known = knownGroup(input.name);
    const absent = input.state === 'absent';
    return {
      local: made(input),
      known,
      holder:
        input.gid === undefined
          ? withoutRead(known, `holder for ${input.name}`, null)
          : knownGroup(input.gid),
      shadow: absent ? shadowEntry(input.name) : withoutRead(known, `no gshadow for ${input.name}`, null),
      primary: absent
        ? usersOfPrimaryGroup(input.name)
        : withoutRead(known, `users of ${input.name} do not matter`, []),
    };
  },
  moreFacts: (input, { local }) => {
    const going = input.state === 'absent' ? local : null;
    const [first, ...rest] = going?.members ?? [];
    return {
      elsewhere:
        going === null
          ? withoutRead(knownGroup(input.name), `no group hidden by ${input.name}`, null)
          : groupElsewhere(input.name, going.gid),
      accounts:
        first === undefined
          ? withoutRead(knownGroup(input.name), `no accounts in ${input.name}`, [])
          : accountsAmong([first, ...rest]),
    };
  },
  desire: (input, seen) => {
    const { local, known, holder } = seen;
    if (input.state === 'absent') {
      if (local !== null) return gone(input.name, { ...seen, local });
      return known === null
        ? {}
        : refused(
            `group ${input.name} (gid ${known.gid}) is in the directory, and only local groups are removed`,
            'remove it where the directory is kept, or correct `name`',
          );
    }
    if (local === null && known !== null)
      return refused(
        `group ${input.name} (gid ${known.gid}) is in the directory; a local group of that name would hide it`,
        'use the directory group as it is, or choose another name',
      );
    if (input.gid === undefined) return local === null ? { local: { members: [] } } : {};
    if (local !== null)
      return local.gid === input.gid
        ? {}
        : refused(
            `group ${input.name} has gid ${local.gid}, not ${input.gid}`,
            'files would change hands: correct `gid`, or change the number by hand (groupmod -g) and find its files',
          );
    return holder === null
      ? { local: { members: [], gid: input.gid } }
      : refused(`gid ${input.gid} belongs to group ${holder.name}`, 'choose another `gid`');
  },
  actions: (from, to, input) => actions(from, to, input),
});

/** With its number where that was asked for, or has to be given back. */
function made(input: Input): Fact<'host', Made | null> {
  const fact = localGroup(input.name);
  const numbered = input.gid !== undefined || input.state === 'absent';
  return {
    ...fact,
    key: numbered ? `members and gid of local group ${input.name}` : `members of local group ${input.name}`,
    parse: (raw: never) => {
      const group = fact.parse(raw);
      if (group === null) return null;
      return { members: group.members, ...(numbered ? { gid: group.gid } : {}) };
    },
  };
}

interface SeenOfGroup {
  readonly local: Made;
  readonly shadow: ShadowEntry | null;
  readonly primary: readonly string[];
  readonly accounts: readonly string[];
  readonly elsewhere: Group | null;
}

/** No group, where undo can give back all of it. */
function gone(
  name: string,
  { local, shadow, primary, accounts, elsewhere }: SeenOfGroup,
): { local: null; known: null; shadow: null } | Refused {
  if (elsewhere !== null)
    return refused(
      `a directory has group ${elsewhere.name} (gid ${elsewhere.gid}) too, so undo could not give back the local group ${name}: groupadd refuses a name or number that is known`,
      `remove it by hand (groupdel ${name}) once its members are in the one of the directory`,
    );
  if (primary.length > 0)
    return refused(
      `group ${name} is the primary group of ${primary.join(', ')}`,
      'give them another one first (usermod -g), or keep the group',
    );
  if (shadow === null)
    return refused(
      `/etc/gshadow has no line for group ${name}, so undo could not give it back as it is`,
      'run `grpconv` on the host: it adds the line',
    );
  if (shadow.password === null)
    return refused(
      `group ${name} has a password, which undo could not give back`,
      'take it away first: gpasswd -r',
    );
  if (shadow.members.join() !== local.members.join())
    return refused(
      `/etc/group and /etc/gshadow do not list the same members of group ${name}`,
      'run `grpck` on the host: it says how to make the two agree',
    );
  const unknown = local.members.filter((member) => !accounts.includes(member));
  if (unknown.length > 0)
    return refused(
      `group ${name} lists ${unknown.join(', ')}, who has no account: undo could not give that back`,
      `take it out first: gpasswd -d ${unknown[0]} ${name}`,
    );
  return { local: null, known: null, shadow: null };
}

interface Ends {
  readonly local: Made | null;
  readonly shadow: ShadowEntry | null;
}

function actions(from: Ends, to: Ends, { name, gid, system }: Input): readonly HostAction[] {
  const changes = [`group ${name}`, 'file /etc/group', 'file /etc/gshadow'];
  const run = (argv: readonly [string, ...string[]]): HostAction => ({
    do: 'run',
    argv,
    sudo: true,
    changes,
  });
  if (to.local === null) return from.local === null ? [] : [run(['groupdel', name])];
  const number = to.shadow === null ? gid : to.local.gid;
  const { password, administrators, members } = to.shadow ?? freshEntry;
  const options = [
    ...(number === undefined ? [] : ['-g', `${number}`]),
    ...(system ? ['-r'] : []),
    ...(password === freshEntry.password || password === null ? [] : ['-p', password]),
  ];
  const made = from.local === null ? [run(['groupadd', ...options, name])] : [];
  // Who joined a group that was made is none of this step's business.
  if (to.shadow === null) return made;
  const before = from.shadow ?? freshEntry;
  const list = (option: string, were: readonly string[], are: readonly string[]) =>
    were.join() === are.join() ? [] : [run(['gpasswd', option, are.join(), name])];
  return [
    ...made,
    ...list('-M', before.members, members),
    ...list('-A', before.administrators, administrators),
  ];
}

/** What groupadd(8) writes into /etc/gshadow. */
const freshEntry: ShadowEntry = { password: '!', administrators: [], members: [] };
