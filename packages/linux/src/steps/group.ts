import { defineState, type Fact, type HostAction, refused } from '@claw-run/core';
import * as z from 'zod';
import { knownGroup, localGroup } from '../facts/group.ts';
import { groupName } from '../inputs.ts';
import { withoutRead } from '../lib/same-read.ts';

const input = z.strictObject({
  name: groupName,
  gid: z.int().min(1).max(4294967294).optional().describe('Its number; the host chooses one where absent'),
  system: z.boolean().default(false).describe('Take the number from those for system groups'),
});

type Input = z.output<typeof input>;

/** What of a local group can be told before it is made: its number only where it was asked for. */
type Made = { readonly members: readonly string[]; readonly gid?: number };

export const group = defineState({
  id: 'linux.group',
  on: 'host',
  summary: 'A local group exists',
  description:
    'A name that a directory has is refused: /etc/group goes before the directory, so a local group would take the members away. ' +
    'Undo removes the group that was made (groupadd(8), groupdel(8)), as long as nobody else has put members into it.',
  risk: 'routine',
  input,
  examples: [
    { title: 'A group of users', with: { name: 'claw-users' } },
    { title: 'With the same number on every host', with: { name: 'claw-users', gid: 4100 } },
  ],
  facts: (input) => {
    const known = knownGroup(input.name);
    return {
      local: made(input),
      known,
      holder:
        input.gid === undefined
          ? withoutRead(known, `holder for ${input.name}`, null)
          : knownGroup(input.gid),
    };
  },
  desire: (input, { local, known, holder }) => {
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
  actions: (from, to, input) => actions(from.local, to.local, input),
});

function made(input: Input): Fact<'host', Made | null> {
  const fact = localGroup(input.name);
  return {
    ...fact,
    key:
      input.gid === undefined
        ? `members of local group ${input.name}`
        : `members and gid of local group ${input.name}`,
    parse: (raw: never) => {
      const group = fact.parse(raw);
      if (group === null) return null;
      return { members: group.members, ...(input.gid === undefined ? {} : { gid: group.gid }) };
    },
  };
}

function actions(from: Made | null, to: Made | null, { name, gid, system }: Input): readonly HostAction[] {
  if ((from === null) === (to === null)) return [];
  const changes = [`group ${name}`, 'file /etc/group', 'file /etc/gshadow'];
  if (to === null) return [{ do: 'run', argv: ['groupdel', name], sudo: true, changes }];
  const options = [...(gid === undefined ? [] : ['-g', `${gid}`]), ...(system ? ['-r'] : [])];
  return [{ do: 'run', argv: ['groupadd', ...options, name], sudo: true, changes }];
}
