import { fenceFunctions } from './fence.ts';
import { foreignFunctions } from './foreign.ts';
import { pathFunctions } from './path-functions.ts';
import { quote } from './quote.ts';

/**
 * The functions that scripts are made of, for dash, bash and busybox ash. Each command is a process group of its own (job control where the shell has it
 * without a terminal, else `setsid`), so that what it leaves behind can be found.
 *
 *     e ID EXIT NOTE   ends a frame, on both streams
 *     r ID             waits for a read, ends what it left running, ends the frame
 *     a ID             waits for what changes a file, ends the frame
 *     S ID SCRIPT      runs a script as root, in one shell for all of it; SP does it where sudo keeps no tickets
 *     K WORD…          sudo with the password, where one was taken; else without one
 *     f ID MARK END U  see `foreignFunctions`
 *
 * The password goes to a sudo that asks for it, and to nobody else: sudo then starts `A`, a plain `cat`, as its askpass program, and the prompt that it hands over is the
 * path of a pipe that only the log-in and root can open. The command's own standard input never held it.
 *
 * Those of the lock are `fenceFunctions`; those that follow paths are `pathFunctions`; `D` is the note of the frame that `r` ends.
 */
export function preludeOf(nonce: string, extra: string): string {
  const functions = `${extra}
LC_ALL=C; export LC_ALL
unset N W TL TO UP BI; N=${nonce}
Y=exec; ! command -v setsid >/dev/null || Y='exec setsid'
{ set -m; } 2>/dev/null
case $- in *m*) X=exec;; *) X=$Y;; esac
e() { printf '%s %s %s %s\\n' $N "$1" "$2" "$3"; printf '%s %s\\n' $N "$1" >&2; }
r() { wait $! 2>/dev/null; set -- "$1" $?; kill -9 -$! 2>/dev/null; e "$1" "$2" "$D"; }
a() { wait $! 2>/dev/null; e "$1" $?; }
${fenceFunctions}
${pathFunctions}
K() { if [ -z "$W" ]; then sudo -n "$@"; else { printf '%s\\n' "$W" | { read -r k x </proc/self/stat
SUDO_ASKPASS=$A sudo -A -p /proc/$k/fd/7 "$@" <&8 8<&-; exit $?; } 7<&0; } 8<&0; fi; }
S() { if [ "$U" = 0 ]; then e $1b 0 $$; eval "$2"; e $1 0
else printf '%s\\n' "$P" U=0 "ACT=$U" "TL='$TL'" "e $1b 0 \\$\\$" "$2" | \${3:-sudo -n} sh; e $1 $?; fi; }
SP() { S "$@" K; }
${foreignFunctions}`;
  return `unset P; P=${quote(functions)}
eval "$P"
while read -r k U u x; do [ "$k" != Uid: ] || break; done </proc/self/status
U=$u
`;
}

/**
 * Ends everything that descends from a shell, and the process groups of these, the shell itself excepted. Runs in a shell beside it; reads /proc with
 * built-ins alone, since `ps` need not be there.
 */
export function endingChildrenOf(shell: number): string {
  return `${findingOf(shell, '')}
for p in $k; do [ $p = ${shell} ] || { kill -9 -$p; kill -9 $p; } 2>/dev/null; done
`;
}

/** The same, but each is stopped as soon as it is found, the shell too, so that none can begin anything more meanwhile. The shell stays so. */
export function endingAllOf(shell: number): string {
  return `kill -STOP ${shell} 2>/dev/null
${findingOf(shell, 'kill -STOP $p 2>/dev/null; ')}
for p in $k; do [ $p = ${shell} ] || { kill -9 -$p; kill -9 $p; } 2>/dev/null; done
`;
}

/** Shell text that sets `k` to a shell and all that descends from it. */
function findingOf(shell: number, each: string): string {
  return `k=' ${shell} '
n=
while [ "$n" != "$k" ]; do n=$k
for s in /proc/[0-9]*/stat; do { IFS= read -r l <"$s"; } 2>/dev/null || continue
p=\${s#/proc/}; p=\${p%/stat}; set -- \${l##*) }
case $k in *" $p "*) ;; *" $2 "*) ${each}k="$k$p ";; esac
done
done`;
}
