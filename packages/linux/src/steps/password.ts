import { defineEvent, type HostAction, refused, Secret } from '@claw-run/core';
import * as z from 'zod';
import { type ShadowEntry, shadowEntry } from '../facts/shadow-entry.ts';
import { userName } from '../inputs.ts';

export const password = defineEvent({
  id: 'linux.password',
  on: 'host',
  summary: 'A user that the host keeps itself has a new password',
  description:
    'By chpasswd(8), which is told it through standard input. Nothing tells whether a password is the one that is there but a login, so this happens in every run that gets here: let `if` be what a ' +
    'login has shown. Undo brings back the very entry of shadow(5). The password of a directory is reset there.',
  risk: 'disruptive',
  input: z.strictObject({
    user: userName,
    password: z
      .union([z.instanceof(Secret), z.string().transform((text) => new Secret(text))])
      .refine((it) => /^[^\n\0]{1,512}$/.test(it.reveal()), 'must be one line, and not empty')
      .describe('The new one; never shown, and in no command line'),
  }),
  examples: [{ title: 'A new one', with: { user: 'alice', password: 'correct horse' } }],
  facts: ({ user }) => ({ shadow: shadowEntry(user) }),
  needed: ({ user }, { shadow }) =>
    shadow === null
      ? refused(
          `/etc/shadow has no entry of ${user}`,
          'the password of an account of a directory is reset there; or correct `user`',
        )
      : 'it is set in every run',
  actions: ({ user, password: given }) => [set(user, [], `${user}:${given.reveal()}`)],
  done: ({ user }, { shadow }) =>
    shadow?.hasPassword && !shadow.locked
      ? { progress: 'done', because: `${user} has a password` }
      : { progress: 'pending', because: `${user} has no password that can be used` },
  undo: ({ user }, before, now) => restored(user, before.shadow, now.shadow),
});

/** Hash and day as they were: chpasswd(8) notes today, chage(1) takes that back. */
function restored(user: string, before: ShadowEntry | null, now: ShadowEntry | null): readonly HostAction[] {
  if (before === null || before.line.reveal() === now?.line.reveal()) return [];
  const [, hash = ''] = before.line.reveal().split(':');
  return [
    set(user, ['-e'], `${user}:${hash}`),
    {
      do: 'run',
      argv: ['chage', '-d', `${before.changed ?? -1}`, user],
      sudo: true,
      changes: changes(user),
    },
  ];
}

function set(user: string, flags: readonly string[], entry: string): HostAction {
  return {
    do: 'run',
    argv: ['chpasswd', ...flags],
    stdin: new Secret(`${entry}\n`),
    sudo: true,
    changes: changes(user),
  };
}

function changes(user: string): readonly string[] {
  return [`account ${user}`, 'file /etc/shadow'];
}
