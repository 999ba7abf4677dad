import { randomBytes } from 'node:crypto';
import { quote } from './quote.ts';
import type { Result } from './wire.ts';

/**
 * What runs as another user, or may leave something running, gets pipes of its own, and never a descriptor of the channel: neither while it runs nor in what it
 * leaves behind.
 *
 *     f ID MARK END USER   runs `x`, a function; ends the frame with its exit status, and `nouser` where there is no USER that it was to be run as
 *
 * Each pipe is read by a `tee` of ours, which hands everything on to the channel as it comes. Once `x` has ended, `m` writes the mark behind what it printed; a
 * `sed` that is given a copy sees it and ends the `tee`, whoever else still holds the pipe. What came behind the mark is cut off by `cutAtMark`, so the
 * mark need not be secret: who prints it too early cuts off the own output. After an action (END `a`), the pipe is read on into nothing for as long as somebody
 * holds it, since closing it would hurt a daemon that was left running. An action is not hurt by the loss of the channel either: its `tee` goes on without it.
 *
 * Descriptors: 3 takes the exit status, 4 is the pipe of standard output, 5 and 6 are the channel's two; 7 to 9 are for moments.
 */
export const foreignFunctions = `f() { { t=$({ { o "$@" 2>&1 >&4 | p $2 $3 >&6 4>&-; } 4>&1 | p $2 $3 >&5; } 3>&1); } 5>&1 6>&2
set -- $1 $t; e $1 "\${2:-137}" "$3"; }
o() { set +m
x </dev/null 3>&- 4>&- 5>&- 6>&- &
wait $! 2>/dev/null; set -- "$@" $?
[ $3 = a ] || kill -9 -$! 2>/dev/null
m $2; m $2 >&2
[ $5 != 1 ] || [ -z "$4" ] || id -u -- "$4" >/dev/null 2>&1 || set -- "$@" nouser
echo $5 $6 >&3; }
m() { trap '' PIPE
for n in 1 2 3 4 5; do ! printf '%s\\n' $1 2>/dev/null || break; sleep 1; done
echo 2>/dev/null; }
p() { exec 8>&1 2>/dev/null 3>&- 4>&- 5>&- 6>&-
{ read -r t n </proc/self/stat; echo $t; [ $2 != a ] || trap '' PIPE; exec tee /proc/self/fd/9 9>&1 >&8 8>&-; } | { exec 8>&-
read -r t; ulimit -v 131072; sed -n "/$1\\$/q" >/dev/null; kill -9 $t; }
[ $2 != a ] || { cat <&7 >/dev/null 7<&- 8>&- & } 7<&0; }`;

/** A word that ends what a command printed. */
export function newMark(): string {
  return randomBytes(8).toString('hex');
}

/** Runs a command, text that replaces the shell or is its last, in pipes of its own. */
export function inOwnPipes(
  command: string,
  { id, mark, end, user = '' }: { id: string; mark: string; end: 'r' | 'a'; user?: string | undefined },
): string {
  return `x() { ${command}
}
f ${id} ${mark} ${end} ${quote(user)}`;
}

/** The result without what was printed once the command had ended. */
export function cutAtMark(mark: string, result: Result): Result {
  const cut = (bytes: Buffer) => {
    const at = bytes.indexOf(mark);
    return at < 0 ? bytes : bytes.subarray(0, at);
  };
  return { ...result, stdout: cut(result.stdout), stderr: cut(result.stderr) };
}
