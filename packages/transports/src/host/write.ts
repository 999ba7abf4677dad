import { createHash } from 'node:crypto';
import { basename } from 'node:path/posix';
import { type HostAction, Secret } from '@claw-run/core';
import type { Command } from './commands.ts';
import { printing, quoted } from './quote.ts';

type WriteFile = HostAction & { do: 'write' };

/**
 * Writes beside the file and renames, so that it is never seen half written, nor with other rights than it will have. Links are followed; mode, owners, ACL,
 * extended attributes and SELinux label stay unless given; a new file gets the label that the policy has for its path.
 */
export function writeCommand(action: WriteFile): Command {
  const content = action.content instanceof Secret ? action.content.reveal() : action.content;
  const { mode, owner = '', group = '' } = action;
  const words = [
    action.path,
    besideName(action.path),
    mode === undefined ? '' : mode.toString(8),
    owner,
    group,
  ];
  return {
    runAs: action.sudo ? 'root' : undefined,
    words: ['dd', 'conv=fsync', 'status=none', `of=${beside(action.path)}`],
    script: (id, way) => {
      const sudo = action.sudo && way.startsWith('each') ? 'sudo -n --' : '';
      return `${writeFunction}
i() { ${printing(content)}
}
{ i 2>/dev/null; } | w ${quoted([...words, sudo])} >/dev/null &
a ${id}`;
    },
  };
}

/**
 * What it takes to write a file where each command is asked for by a sudo of its own. Who owns the file is not known yet: root, unless the action says so.
 */
export function commandsOfWrite(action: WriteFile): readonly (readonly string[])[] {
  const { path, mode = 0o644, owner, group } = action;
  const fresh = beside(path);
  const owners = owner === undefined && group === undefined ? '0:0' : `${owner ?? ''}:${group ?? ''}`;
  return [
    ['readlink', '-f', path],
    ['stat', '-c', '%F:%u:%g:%a', path],
    ['rm', '-f', fresh],
    ['dd', 'conv=fsync', 'status=none', `of=${fresh}`],
    ['chown', owners, fresh],
    [...keepAttributes, path, fresh],
    ['chmod', mode.toString(8), fresh],
    ['mv', '-f', fresh, path],
  ];
}

/** Owners are set before it, since changing them takes capabilities and the set-id bits away. */
const keepAttributes = ['cp', '--attributes-only', '--preserve=all', '--no-preserve=timestamps,ownership'];

/** The same for the same file, so that what a cut connection left behind is cleared away by the next try. */
function besideName(path: string): string {
  return `.${basename(path).slice(0, 60)}.claw-run-${createHash('sha256').update(path).digest('hex').slice(0, 8)}`;
}

function beside(path: string): string {
  return path.replace(/[^/]*$/, '') + besideName(path);
}

/**
 * `w PATH BESIDE MODE OWNER GROUP SUDO`, with the content on its standard input. Without a terminal sudo keeps its tickets by the process that started it, so
 * `v` takes one for each process that starts it. `q` puts into `r` what a command prints, without what it warns of; `y` what it says of its failure.
 */
const writeFunction = `v() { [ -z "$S" ] || [ -z "$W" ] || printf '%s\\n' "$W" | sudo -S -p '' -v; }
q() { r=$(v; "$@" </dev/null 2>/dev/null; echo " $?"); [ "\${r##* }" = 0 ] || return 1; r=\${r% *}; r=\${r%?}; }
y() { r=$(v; "$@" </dev/null 2>&1); }
w() ( umask 077
S=$6
v || exit 1
t=$1
if [ -n "$S" ] || [ -L "$1" ]; then
if q $S readlink -f "$1"; then t=$r
elif [ -n "$S" ]; then y $S readlink -f "$1"; case $r in *'sudo: a '*|*'sudo: no password'*|*'orry, user'*|*'not in the sudoers'*) printf '%s\\n' "$r" >&2; exit 1;; esac
fi; fi
case $t in */*) b=\${t%/*}/$2;; *) b=$2;; esac
s=
if [ -n "$S" ] || [ -e "$t" ]; then
if q $S stat -c %F:%u:%g:%a "$t"; then s=$r
else y $S stat -c %F:%u:%g:%a "$t"; case $r in *'No such file'*|*'Not a directory'*) ;; *) printf '%s\\n' "$r" >&2; exit 1;; esac; fi
case $s in ''|regular*) ;; *) printf '%s\\n' "it is a \${s%%:*}, not a file" >&2; exit 1;; esac
fi
m=\${s##*:}; o=\${s#*:}; o=\${o%:*}
$S rm -f "$b" </dev/null || exit 1
trap '$S rm -f "$b" </dev/null' EXIT
trap 'exit 1' HUP INT TERM
$S dd conv=fsync status=none of="$b" || exit 1
if [ -n "$s" ]; then
n=\${4:-\${o%:*}}:\${5:-\${o#*:}}
$S chown "$n" "$b" </dev/null || exit 1
x=$(v; $S ${keepAttributes.join(' ')} "$t" "$b" </dev/null 2>&1) || case $x in
*nrecognized*|*nvalid\\ option*|*sage:*) $S chmod "$m" "$b" </dev/null || exit 1
[ ! -e /sys/fs/selinux/enforce ] || $S chcon --reference="$t" "$b" </dev/null || exit 1;;
*) printf '%s\\n' "$x" >&2; exit 1;; esac
elif [ -n "$4$5" ]; then $S chown "$4:$5" "$b" </dev/null || exit 1; fi
if [ -n "$3" ] || [ -z "$s" ]; then $S chmod "\${3:-644}" "$b" </dev/null || exit 1; fi
$S mv -f "$b" "$t" </dev/null || exit 1
trap - EXIT
[ -n "$s" ] || [ ! -e /sys/fs/selinux/enforce ] || ! command -v restorecon >/dev/null || $S restorecon "$t" </dev/null
)`;
