import type { Command } from './commands.ts';
import { quote, quoted } from './quote.ts';

/** What is known of who may change where paths lead, before it is looked at. */
export interface Following {
  /** Groups that are known to have no member but who acts. */
  readonly gids: readonly string[];
}

/**
 * Shell text that runs `then` where nobody else can change where the paths lead; else the frame of `id` has the note `foreign`, and what `whoMayChange`
 * judges. With `open`, a path may lead to what is not there yet in a folder that others may make files in.
 */
export function followed(
  following: Following,
  paths: readonly string[],
  how: { readonly id: string; readonly each: boolean; readonly open?: boolean; readonly sudo?: string },
  then: string,
): string {
  return `${settingsOf(following, how.each, how.sudo)}${how.open ? 'OPN=1; ' : ''}if g ${quoted(paths)}; then ${then}
else n ${how.id}; fi
${unset(how.each)}`;
}

/** The command, run only where nobody else can change where the paths lead. */
export function guardedCommand(
  following: Following,
  paths: readonly string[],
  command: Command,
  open = false,
): Command {
  const each = (way: string) => command.runAs !== undefined && way.startsWith('each');
  return {
    ...command,
    script: (id, way) => followed(following, paths, { id, each: each(way), open }, command.script(id, way)),
  };
}

/** Shell text that looks at a file: its content, or why there is none. `each` is the text that prints it by a sudo of its own; else `st` has seen the path before. */
export function lookedAt(following: Following, path: string, id: string, each: string | undefined): string {
  const look = `c ${id} ${quote(path)}`;
  if (each === undefined) return `${settingsOf(following, false)}${look}\n${unset(false)}`;
  return `i() { ${each}\n}\n${settingsOf(following, true)}st ${quote(path)}\n${look}\n${unset(true)}`;
}

/** Shell text that only tells whether nobody else can change where the paths lead, as far as who is logged in can see; else the frame has the note `foreign`. */
export function lookedFor(following: Following, paths: readonly string[], id: string): string {
  return followed(following, paths, { id, each: true, open: true, sudo: 'false' }, `e ${id} 0`);
}

/**
 * Shell text that looks at a file whose folder somebody else may write to, with the rights of who is logged in: it is opened first, and then held to be the one at
 * `place`, reached by no link, and under that one name where it is one's own. A line of what it is, then the content.
 */
export function lookedInPlace(path: string, place: string): (id: string) => string {
  return (id) => `( cd / && if [ -f ${quote(path)} ]; then exec 7<${quote(path)} || exit 1
x=$(readlink /proc/self/fd/7)
[ "$x" = ${quote(place)} ] || { printf '%s\\n' "it is a link that somebody else can change" >&2; exit 1; }
x=$(stat -L -c '%h/%f/%u/%g/%U/%G' /proc/self/fd/7) || exit 1
case $x in 1/*) ;; */*/"$U"/*) printf '%s\\n' "it has more than one name" >&2; exit 1;; esac
printf '%s\\n' "\${x#*/}"; exec cat <&7
else stat -L -c '%f/%u/%g/%U/%G' -- ${quote(path)}; fi ) </dev/null &
r ${id}`;
}

/** By a sudo of its own: who is logged in is then somebody else, whose folders root does not follow. */
function settingsOf({ gids }: Following, each: boolean, sudo = 'K --'): string {
  const groups = gids.length === 0 ? '' : `GRP=${quote(gids.join(' '))}; `;
  return `${each ? `ACT=0; ALL= SU=${quote(sudo)}; ` : ''}${groups}`;
}

function unset(each: boolean): string {
  return each ? 'ACT= SU= ALL= GRP= OPN=' : 'SU= GRP= OPN=';
}
