import type { HostAction, HostRead } from '@claw-run/core';
import type { Command } from './commands.ts';
import { inOwnPipes, newMark } from './foreign.ts';
import { printing, quote, quoted } from './quote.ts';
import { commandsOfOwnWrite, writingAsOwner } from './write.ts';

/** Whose folder it is, and whether that is who is logged in. */
export interface Owner {
  readonly user: string;
  readonly self: boolean;
}

/** A look at a file with its owner's rights: a line of what it is (`MODE/UID/GID/OWNER/GROUP`), and the content of a regular one. */
export function fileAsOwner({ path }: HostRead & { read: 'file' }, owner: Owner): Command {
  const [stat = [], cat = []] = fileLooks(path);
  const look = `x=$($SU ${quoted(stat)}) || exit 1
printf '%s\\n' "$x"
case $x in 8???/*) $SU ${quoted(cat)};; esac`;
  return asOwner(owner, { words: ['cat', path], end: 'r', text: () => look });
}

/** A command with its owner's rights in place of root's; no session of that user is begun, so nothing of theirs is run. */
export function runAsOwner(
  run: (HostRead & { read: 'run' }) | (HostAction & { do: 'run' }),
  owner: Owner,
  input?: string,
): Command {
  const text = () => `$SU ${quoted(run.argv)}`;
  const given = input === undefined ? {} : { input: printing(input) };
  return asOwner(owner, { words: run.argv, end: 'read' in run ? 'r' : 'a', text, ...given });
}

export function removeAsOwner(path: string, owner: Owner): Command {
  const text = `AT=${quote(path)}
if [ -n "$SU" ] || [ -L "$AT" ]; then AT=$($SU readlink -f -- "$AT" </dev/null) || exit 0; fi
$SU rm -f -- "$AT"`;
  return asOwner(owner, { words: ['rm', '-f', '--', path], end: 'a', text: () => text });
}

export function writeAsOwner(action: HostAction & { do: 'write' }, owner: Owner): Command {
  const content = typeof action.content === 'string' ? action.content : action.content.reveal();
  return asOwner(owner, {
    words: ['dd'],
    end: 'a',
    input: printing(content),
    text: (each) => writingAsOwner(action, owner.user, each),
  });
}

/** What it takes of sudo, for that user, where each command is asked for by itself. */
export function commandsAsOwner(wanted: HostRead | HostAction): readonly (readonly string[])[] {
  if ('read' in wanted) return wanted.read === 'run' ? [wanted.argv] : fileLooks(wanted.path);
  switch (wanted.do) {
    case 'run':
      return [wanted.argv];
    case 'remove':
      return [
        ['readlink', '-f', '--', wanted.path],
        ['rm', '-f', '--', wanted.path],
      ];
    case 'write':
      return commandsOfOwnWrite(wanted);
  }
}

function fileLooks(path: string): readonly (readonly string[])[] {
  return [
    ['stat', '-L', '-c', ownedFormat, '--', path],
    ['cat', '--', path],
  ];
}

const ownedFormat = '%f/%u/%g/%U/%G';

interface Wanted {
  readonly words: readonly string[];
  readonly end: 'r' | 'a';
  readonly input?: string;
  readonly text: (each: boolean) => string;
}

/**
 * By root in a shell of that user; where each command is asked for by itself, by a sudo for that user. It gets pipes of its own, and leaves behind the environment
 * and the working directory of whom it comes from.
 */
function asOwner({ user, self }: Owner, { words, end, input, text }: Wanted): Command {
  const feeding = input === undefined ? '' : `{ ${input}\n} 2>/dev/null | `;
  const output = end === 'a' ? ' >/dev/null' : '';
  if (self)
    return {
      words,
      script: (id) =>
        `${feeding}( ${text(false)}\n)${input === undefined ? ' </dev/null' : ''}${output} &\n${end} ${id}`,
    };
  const mark = newMark();
  const alone = `SU=\ncd /\n${text(false)}`;
  return {
    runAs: user,
    words,
    mark,
    script(id, way) {
      const command = way.startsWith('each')
        ? `( SU=${quote(`K -u ${user} --`)}; ${text(true)}\n)`
        : `$Y $TO env -i PATH="$PATH" LC_ALL=C ${quoted(['su', '-s', '/bin/sh', '-c', alone, user])}`;
      return inOwnPipes(`${feeding}${command}${output}`, { id, mark, end, user });
    },
  };
}
