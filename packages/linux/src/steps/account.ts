import { defineState, type HostAction, refused, Secret } from '@claw-run/core';
import * as z from 'zod';
import { parseShadowEntry, type ShadowEntry, shadowEntry } from '../facts/shadow-entry.ts';
import { userName } from '../inputs.ts';
import { dateOf } from '../lib/account-state.ts';

const input = z
  .strictObject({
    user: userName,
    locked: z.boolean().optional().describe('Whether the password is locked; left as it is where absent'),
    expires: z
      .union([z.literal('never'), z.iso.date()])
      .optional()
      .describe(
        'The day from which on nobody can log in, `YYYY-MM-DD`, or `never`; left as it is where absent',
      ),
  })
  .refine((it) => it.locked !== undefined || it.expires !== undefined, 'say `locked`, `expires` or both');

export const account = defineState({
  id: 'linux.account',
  on: 'host',
  summary: 'The account of a user that the host keeps itself is locked or not, and ends on a day or never',
  description:
    'Changes the entry of shadow(5) by `usermod -L` and `-U` and by `chage -E`, and nothing else of it; undo brings back the very entry. Somebody may have locked an account, or let it end, for a ' +
    'good reason: ask before you undo that. An account without a password is not unlocked, and one of a directory is changed there.',
  risk: 'routine',
  input,
  examples: [
    { title: 'May log in again', with: { user: 'alice', locked: false } },
    { title: 'Until the end of the project', with: { user: 'alice', expires: '2030-12-31' } },
  ],
  facts: ({ user }) => ({ shadow: shadowEntry(user) }),
  desire: (it, { shadow }) => {
    if (shadow === null)
      return refused(
        `/etc/shadow has no entry of ${it.user}`,
        'an account of a directory is changed there; or correct `user`',
      );
    if (it.locked === false && shadow.locked && !shadow.hasPassword)
      return refused(`${it.user} has no password behind the lock`, 'give it one by linux.password');
    return { shadow: changed(shadow, it) };
  },
  actions: (from, to, { user }) => actions(user, from.shadow, to.shadow),
  explain: (from, to) =>
    from.shadow?.expires === to.shadow?.expires
      ? undefined
      : `it ends ${to.shadow?.expires == null ? 'never' : `on ${dateOf(to.shadow.expires)}`}`,
});

/** The entry as the tools will leave it. */
function changed(from: ShadowEntry, { locked = from.locked, expires }: z.output<typeof input>): ShadowEntry {
  const fields = from.line.reveal().split(':');
  const [, hash = ''] = fields;
  if (locked !== from.locked) fields[1] = locked ? `!${hash}` : hash.slice(1);
  if (expires !== undefined) fields[7] = expires === 'never' ? '' : `${Date.parse(expires) / 86_400_000}`;
  const line = fields.join(':');
  return line === from.line.reveal() ? from : { ...parseShadowEntry(line), line: new Secret(line) };
}

function actions(user: string, from: ShadowEntry | null, to: ShadowEntry | null): readonly HostAction[] {
  if (from === null || to === null) return [];
  const act = (...argv: [string, ...string[]]): HostAction => ({
    do: 'run',
    argv,
    sudo: true,
    changes: [`account ${user}`, 'file /etc/shadow'],
  });
  return [
    ...(from.locked === to.locked ? [] : [act('usermod', to.locked ? '-L' : '-U', user)]),
    ...(from.expires === to.expires ? [] : [act('chage', '-E', `${to.expires ?? -1}`, user)]),
  ];
}
