import { printFormers } from './former-shell.ts';

/** A lock that was not renewed for as long as this is that of a dead run. */
export const staleSeconds = 60;

/** Statuses of `l`. */
export const lockExits = { held: 3, failed: 4, unsafe: 5, busy: 6, noRoot: 7, rooted: 8, shared: 9 } as const;

/**
 * `l FOLDER LINE RUN TOKEN FORCE KEEPER ALONE TOKENS`: prints the path of the lock once it is ours, and the shells that acted under it; else exits by one of `lockExits`, `held` with
 * its age in seconds and its line. A lock with one of TOKENS is `shared`, and that token printed. What is taken over is moved aside first and put back where it was not what had been looked at.
 *
 * No other user can do anything to it: root's is in a folder that only root can write to, anybody else's in one of their own; what somebody else made in such a
 * place, or could write to, is not used. `/run/claw-run` can be read by all, so who is not root heeds a lock of root's. KEEPER is a user who may renew it: where they find
 * such a lock left there, it is `rooted`, unless ALONE: what that run did as root has to be looked for as root.
 *
 * The age of a lock is by how long the machine has been up, as `at` keeps it: that clock cannot be set. By the other clock only where nothing is kept.
 */
export const takeFunction = `l() ( umask 022
g=/run/claw-run; K=$6
if [ -n "$1" ]; then d=$1; mkdir -p -m 755 "$d" 2>/dev/null
elif [ "$U" = 0 ] && { [ -w /run ] || [ -d $g ]; }; then d=$g; mkdir -m 755 $d 2>/dev/null
elif [ -w "/run/user/$U" ]; then d=/run/user/$U/claw-run; mkdir -m 700 "$d" 2>/dev/null
elif [ -n "$HOME" ] && [ -O "$HOME" ] && [ -w "$HOME" ]; then d=$HOME/.claw-run/$(uname -n); mkdir -p -m 700 "$d" 2>/dev/null
else d=/tmp/claw-run-$U; mkdir -m 700 "$d" 2>/dev/null; fi
safe() { [ -d "$1" ] && s=$(stat -c '%F:%u:%a' -- "$1" 2>/dev/null) || return 1
case $s in "directory:0:"*|"directory:\${K:-$U}:"*) ;; *) return 1;; esac
case $s in *[2367]|*[2367]?) return 1;; esac; }
live() { m=$(stat -c %Y -- "$1" 2>/dev/null) || return 2
a=$(($(date +%s)-m))
i=; { read -r i b u x <"$1.at"; } 2>/dev/null
case $h in *'"token":"'"\${i:-?}"'"'*) if up; then case $b in "$BI") a=$((UP-u));; *) a=$UP;; esac; fi;; esac
p=
case $h in *'"pid":'*) p=\${h#*'"pid":'}; p=\${p%%[!0-9]*};; esac
case $h in "$2,"*) return 1;; esac
[ -z "$3" ] && [ $a -lt ${staleSeconds} ] && { [ -z "$p" ] || [ -e /proc/$p ]; }; }
f=$d/claw-run.lock
if [ ! -d "$d" ]; then printf '%s\\n' "there is no folder $d, and it cannot be made" >&2; exit ${lockExits.failed}; fi
safe "$d" || { printf '%s\\n' "$d" >&2; exit ${lockExits.unsafe}; }
if [ -z "$1" ] && [ "$d" != $g ] && safe $g && [ -f $g/claw-run.lock ] && IFS= read -r h <$g/claw-run.lock; then
if live $g/claw-run.lock "$3" "$5"; then printf '%s\\n' "$a" "$h"; exit ${lockExits.held}; fi
[ -n "$7" ] || [ ! -O $g/claw-run.lock ] || exit ${lockExits.rooted}
fi
n=0
while [ $n -lt 5 ]; do n=$((n+1))
x=$( { set -C; { printf '%s\\n' "$2" || { rm -f "$f"; exit 9; }; } >"$f"; } 2>&1 ); e=$?
if [ $e = 0 ]; then at "$f" "$4" 2>/dev/null
[ -z "$K" ] || { true >>"$f.by.$K"; chown "$K" "$f" "$f.by.$K" "$f.at" 2>/dev/null; }
printf '%s\\n' "$f"; ${printFormers('"$f"')}; exit 0; fi
[ $e != 9 ] && { [ -e "$f" ] || [ -L "$f" ]; } || { printf '%s\\n' "$f cannot be written: $x" >&2; exit ${lockExits.failed}; }
[ -f "$f" ] && [ ! -L "$f" ] || { printf '%s\\n' "$f is not a file" >&2; exit ${lockExits.failed}; }
h=
IFS= read -r h <"$f" || [ -e "$f" ] || continue
for t in $8; do case $h in *'"token":"'"$t"'"'*) [ -z "$K" ] || { true >>"$f.by.$K"; chown "$K" "$f.by.$K" 2>/dev/null; }
printf '%s\\n' "$t"; exit ${lockExits.shared};; esac; done
live "$f" "$3" "$5"
case $? in 0) printf '%s\\n' "$a" "$h"; exit ${lockExits.held};; 2) continue;; esac
mv -f "$f" "$f.$4" || exit ${lockExits.failed}
k=
IFS= read -r k <"$f.$4"
[ "$h" = "$k" ] || ln "$f.$4" "$f" 2>/dev/null
rm -f "$f.$4"
done
exit ${lockExits.busy}
)`;
