import { createHash, randomBytes } from 'node:crypto';
import { basename } from 'node:path/posix';
import { type HostAction, Secret } from '@claw-run/core';
import type { Command } from './commands.ts';
import { pathFormat } from './path-functions.ts';
import { printing, quote, quoted } from './quote.ts';

type WriteFile = HostAction & { do: 'write' };

/**
 * Writes beside the file and renames, so that it is never seen half written, nor with other rights than it will have. Links are followed where they are
 * root's or ours: that, and `AT`, `s`, `v` and `z`, is told before; mode, owners, ACL, extended attributes and SELinux label stay unless given; a new file gets the label that the policy has for its path.
 */
export function writeCommand(action: WriteFile): Command {
  const content = action.content instanceof Secret ? action.content.reveal() : action.content;
  return {
    runAs: action.sudo ? 'root' : undefined,
    words: ['dd', 'conv=fsync', 'status=none', `of=${fixedBeside(action.path)}`],
    script: (id, way) => {
      const each = action.sudo === true && way.startsWith('each');
      return `${writeFunction}
i() { ${printing(content)}
}
{ i 2>/dev/null; } | w ${wordsOfWrite(action, each)} >/dev/null &
a ${id}`;
    },
  };
}

/** Shell text that does the same as whom the shell, or the sudo of each command in `SU`, belongs to: it follows links with that user's rights alone. */
export function writingAsOwner(action: WriteFile, owner: string, each: boolean): string {
  const { path } = action;
  return `${writeFunction}
OWN=${quote(owner)}
own ${quoted([path])} && w ${wordsOfWrite(action, each)}`;
}

/**
 * What it takes to write a file where each command is asked for by a sudo of its own. Who owns the file is not known yet: root, unless the action says so.
 */
export function commandsOfWrite(action: WriteFile): readonly (readonly string[])[] {
  const { path, mode = 0o644, owner, group } = action;
  const fresh = fixedBeside(path);
  const owners = owner === undefined && group === undefined ? '0:0' : `${owner ?? ''}:${group ?? ''}`;
  return [
    ['rm', '-f', fresh],
    ['dd', 'conv=fsync', 'status=none', `of=${fresh}`],
    ['chown', owners, fresh],
    [...keepAttributes, path, fresh],
    ['chmod', mode.toString(8), fresh],
    ['mv', '-f', fresh, path],
  ];
}

/** The same for whoever owns the folder. */
export function commandsOfOwnWrite(action: WriteFile): readonly (readonly string[])[] {
  const [rm = [], , ...rest] = commandsOfWrite(action);
  return [
    ['readlink', '-f', '--', action.path],
    ['stat', '-c', ownFormat, '--', action.path],
    rm,
    ['dd', 'conv=fsync,excl', 'status=none', `of=${fixedBeside(action.path)}`],
    ...(action.owner === undefined && action.group === undefined ? rest.slice(1) : rest),
  ];
}

const ownFormat = '%f/%u/%g/%U';

/** The command that tells what leads to a path, folder by folder. */
export function lookOf(path: string): readonly string[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  return [
    'stat',
    '-c',
    pathFormat,
    '--',
    '/',
    ...names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`),
  ];
}

/** Owners are set before it, since changing them takes capabilities and the set-id bits away. */
const keepAttributes = ['cp', '--attributes-only', '--preserve=all', '--no-preserve=timestamps,ownership'];

function wordsOfWrite({ path, mode, owner = '', group = '' }: WriteFile, each: boolean): string {
  const random = `${stemOf(path)}${randomBytes(8).toString('hex')}`;
  return quoted([
    each ? fixedName(path) : random,
    mode === undefined ? '' : mode.toString(8),
    owner,
    group,
    each ? '' : stemOf(path),
  ]);
}

/** How the names of all temporaries of a file begin: what a cut connection left behind is cleared away by the next try. */
function stemOf(path: string): string {
  return `.${basename(path).slice(0, 60)}.claw-run-`;
}

/** Always the same, since rules of sudo name it. It is only used where nobody else can make files, or is made exclusively. */
function fixedName(path: string): string {
  return `${stemOf(path)}${createHash('sha256').update(path).digest('hex').slice(0, 8)}`;
}

function fixedBeside(path: string): string {
  return path.replace(/[^/]*$/, '') + fixedName(path);
}

/**
 * `w NAME MODE OWNER GROUP STEM`, with the content on its standard input: writes to `AT`, of which `s` is known, by `NAME` beside it. Where `v` is 1, others may
 * make files there: then the name is made exclusively, the owner is changed last and not through a link, and a folder or link that appeared at `AT` is not
 * followed. `own PATH` sets the three with the rights of the user `OWN`, who writes, and refuses a file of somebody else, who would lose it.
 */
const writeFunction = `w() ( umask 077
case $z in below) printf '%s\\n' "\${AT%/*}: No such file or directory" >&2; exit 1;; esac
case $s in
''|8???' '*) ;;
4*) echo 'it is a directory, not a file' >&2; exit 1;;
1???' '*) echo 'it is a fifo, not a file' >&2; exit 1;;
*) echo 'it is not a regular file' >&2; exit 1;; esac
b=\${AT%/*}/$1
m=\${s%% *}; o=\${s#* }; g=\${o#* }; o=\${o%% *}; g=\${g%% *}
if [ -n "$s" ]; then m=$(printf %o $((0x$m & 4095))); n=\${3:-$o}:\${4:-$g}; elif [ -n "$3$4" ]; then n=$3:$4; else n=; fi
[ "$v" != own ] || [ -n "$3$4" ] || [ "$g" != "$(id -g "$OWN")" ] || n=
if [ -n "$SU" ]; then $SU rm -f "$b" </dev/null || exit 1; fi
if [ -n "$5" ]; then for x in "\${AT%/*}/$5"*; do [ ! -f "$x" ] && [ ! -L "$x" ] || rm -f "$x"; done; fi
trap '$SU rm -f "$b" </dev/null' EXIT
trap 'exit 1' HUP INT TERM
if [ -z "$SU" ]; then
[ -d "\${AT%/*}" ] || { printf '%s\\n' "\${AT%/*}: No such file or directory" >&2; exit 1; }
set -C
exec 3>"$b" || exit 1
set +C
dd conv=fsync status=none >&3 || exit 1
exec 3>&-
else $SU dd conv=fsync\${v:+,excl} status=none of="$b" || exit 1; fi
[ "$v" = 1 ] || [ -z "$n" ] || $SU chown "$n" "$b" </dev/null || exit 1
if [ -n "$s" ]; then
x=$($SU ${keepAttributes.join(' ')} "$AT" "$b" </dev/null 2>&1) || case $x in
*nrecognized*|*nvalid\\ option*|*sage:*) $SU chmod "$m" "$b" </dev/null || exit 1
[ ! -e /sys/fs/selinux/enforce ] || $SU chcon --reference="$AT" "$b" </dev/null || exit 1;;
*) printf '%s\\n' "$x" >&2; exit 1;; esac
fi
if [ -n "$2" ] || [ -z "$s" ]; then $SU chmod "\${2:-644}" "$b" </dev/null || exit 1; fi
if [ "$v" = 1 ]; then
[ -z "$n" ] || $SU chown -h "$n" "$b" </dev/null || exit 1
$SU mv -fT "$b" "$AT" </dev/null || exit 1
else $SU mv -f "$b" "$AT" </dev/null || exit 1; fi
trap - EXIT
[ -n "$s" ] || [ ! -e /sys/fs/selinux/enforce ] || ! command -v restorecon >/dev/null || $SU restorecon "$AT" </dev/null
)
own() { v=own; z=; s=; AT=$1
if [ -n "$SU" ] || [ -L "$AT" ]; then AT=$($SU readlink -f -- "$AT" </dev/null) || return 1; fi
x=$($SU stat -c ${quote(ownFormat)} -- "$AT" </dev/null 2>&1) && { s=\${x%%/*}; x=\${x#*/}; s="$s \${x%%/*}"; x=\${x#*/}; s="$s \${x%%/*} \${x#*/}"; } || case $x in *'No such file'*) ;; *) printf '%s\\n' "$x" >&2; return 1;; esac
[ -z "$s" ] || [ "\${s##* }" = "$OWN" ] || { printf '%s\\n' "it belongs to \${s##* }" >&2; return 1; }; }`;
