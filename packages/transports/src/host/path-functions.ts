import { quote } from './quote.ts';

/**
 * Type, rights and mode in hexadecimal, owner and group by number, number of names, owner and group by name, and the path. What is told of a path ends with a
 * slash before the end of the line, since a name may hold line ends itself.
 */
export const pathFormat = '%f/%u/%g/%h/%U/%G/%n/';

const look = `stat -c ${quote(pathFormat)}`;

/**
 * Shell functions that tell who can change where a path leads, for dash, bash and busybox ash. sudoedit's rules (sudoers(5), `sudoedit_checkdir`,
 * `sudoedit_follow`) are the yardstick: a folder is trusted that only root, or who acts, can write to; a link, where it and its folder are theirs.
 *
 *     st PATH…   looks at all that the paths lead through, in one stat: what it says is kept in `LK`, and `k` takes it from there, path by path
 *     k PATH     follows a path from / on. `K` is `ok`, or `foreign` where somebody else can change where it leads; `AT` is the place without links, `s` what
 *                is there (`MODE UID GID OWNER/GROUP`; nothing where there is nothing), `v` is set where others may make files beside it (a sticky folder), `z` where there is
 *                nothing (`below` where not even its folder is there)
 *     g PATH…    whether all of them are ours to follow; prints what leads to those that are not, and `n ID` ends the frame then
 *     c ID PATH  the content of a file that `st` looked at, by `i` where `SU` is set. Its note: `file …`, `other …` for what is no regular file, `missing`,
 *                `denied`, `foreign`
 *     fo PATH    what leads to a path, by links of others too, the access lists and the groups that may write there: for `whoMayChange`
 *
 * `ACT` is who is trusted beside root, where that is not the user of this shell; `GRP` are groups that count as their one member; `SU` is the sudo of each command, if
 * any: it is asked (`ALL`) only for what the log-in cannot see, below folders that can be trusted; with `OPN`, `g` lets pass what is not there yet in a sticky folder. Between the look and the act nobody else can change anything, since nobody else can
 * write to any of the folders.
 */
export const pathFunctions = `SU= ACT= GRP= OPN= HID= ALL= LK= D= Q= NL='
'
st() { HID=
for a do shift; set -- "$@" /; d=
case $a in /*) ;; *) a=$PWD/$a;; esac
while [ -n "$a" ]; do c=\${a%%/*}; case $a in */*) a=\${a#*/};; *) a=;; esac
case $c in ''|.) continue;; esac
[ -z "$SU" ] || [ ! -d "\${d:-/}" ] || [ -x "\${d:-/}" ] || HID=1
d=$d/$c
[ -n "$ALL" ] || [ -e "$d" ] || [ -L "$d" ] || break
set -- "$@" "$d"
done; done
if [ -z "$ALL" ]; then LK=$(exec \${Q:-${look}} -- "$@" </dev/null 2>/dev/null)$NL
else LK=$($SU ${look} -- "$@" </dev/null 2>/dev/null)$NL
[ "$LK" != "$NL" ] || $SU ${look} -- "$@" </dev/null >/dev/null; fi; }
en() { x=$LK
f=\${x%%/*}; x=\${x#*/}; u=\${x%%/*}; x=\${x#*/}; g=\${x%%/*}; x=\${x#*/}; h=\${x%%/*}; x=\${x#*/}; o=\${x%%/*}; x=\${x#*/}; y=\${x%%/*}; x=\${x#*/}
case $x in "$1/$NL"*) LK=\${x#"$1/$NL"};; *) return 1;; esac; }
ck() { m=$((0x$f)); T=$((m >> 12)); B=; s="$f $u $g $o/$y"
[ "$u" = 0 ] || [ "$u" = "\${ACT:-$U}" ] || B=1
case $T in
4) [ -z "$B" ] || K=foreign
B=; [ $((m & 2)) = 0 ] || B=1
[ $((m & 16)) = 0 ] || case " $GRP " in *" $g "*) ;; *) B=1;; esac
v=; [ -z "$B" ] || if [ $((m & 512)) = 0 ]; then K=foreign; else v=1; fi;;
10) { [ -z "$B" ] && { [ -z "$v" ] || [ "$h" = 1 ]; }; } || K=foreign
j=$AT; R=$q;;
*) [ -z "$v" ] || { [ -z "$B" ] && [ "$h" = 1 ]; } || K=foreign;;
esac; }
k() { n=0; ALL=; K=ok; p=$1
case $p in /*) ;; *) p=$PWD/$p;; esac
en / || { st "$p"; en /; } || K=hidden
while :; do q=$p; AT=; v=; j=; z=
[ "$K" != ok ] || ck
while [ -n "$q" ]; do c=\${q%%/*}; case $q in */*) q=\${q#*/};; *) q=;; esac
case $c in ''|.) continue;; esac
AT=$AT/$c
if [ -n "$z" ] || ! en "$AT"; then z=\${z:-\${q:+below}}; z=\${z:-1}; s=; elif [ -z "$j" ]; then ck; fi
done
[ "$K" = ok ] || break
if [ -n "$j" ]; then t=$(\${ALL:+$SU} readlink -- "$j" </dev/null 2>/dev/null; echo /); t=\${t%"$NL/"}
case $t in /*) p=$t;; *) p=\${j%/*}/$t;; esac
p=$p\${R:+/$R}; ALL=
elif [ -n "$z" ] && [ -n "$HID" ] && [ -z "$ALL" ]; then ALL=1
else break; fi
[ $n -gt 0 ] || M=$LK
n=$((n+1))
[ $n -le 40 ] || { s=; break; }
st "$p"; en / || K=hidden
done
[ $n = 0 ] || LK=$M; }
g() { l=$LK; ALL=; st "$@"; b=
for i do k "$i"; [ -z "$z" ] || [ -z "$v" ] || [ -n "$OPN" ] || K=foreign
[ $K = ok ] || { b=$K; [ $K = hidden ] || fo "$p"; }; done
LK=$l; [ -z "$b" ]; }
n() { if [ "$b" = hidden ]; then e $1 1; else e $1 0 "foreign \${ACT:-$U}"; fi; }
c() { k "$2"
case $K in hidden) e $1 1; return;; foreign) fo "$p"; e $1 0 "foreign \${ACT:-$U}"; return;; esac
case $s in
'') d=$AT
while [ -n "$d" ] && [ ! -e "$d" ]; do d=\${d%/*}; done
if [ -z "$HID" ] && [ -d "\${d:-/}" ] && [ ! -x "\${d:-/}" ]; then e $1 0 denied; else e $1 0 missing; fi;;
8???' '*) D="file $s"
if [ -n "$SU" ]; then i; else $X cat -- "$AT" </dev/null & r $1; fi; D=;;
*) e $1 0 "other $s";; esac; }
fo() ( p=$1; n=0
while [ $n -le 40 ]; do n=$((n+1))
ft "$p"
q=$p; d=; j=
while [ -n "$q" ] && [ -z "$j" ]; do c=\${q%%/*}; case $q in */*) q=\${q#*/};; *) q=;; esac
case $c in ''|.) continue;; esac
d=$d/$c; [ ! -L "$d" ] || j=$d
done
[ -n "$j" ] || break
t=$(\${ALL:+$SU} readlink -- "$j" </dev/null 2>/dev/null; echo /); t=\${t%"$NL/"}
case $t in /*) p=$t;; *) p=\${d%/*}/$t;; esac
p=$p\${q:+/$q}
done )
ft() ( st "$1"; l=$LK; printf '%s==\\n' "$LK"
Q='ls -ldn'; st "$1"; printf '%s==\\n' "$LK"
set -f; IFS=$NL; w=' '
for x in $l; do f=\${x%%/*}; x=\${x#*/*/}; x=\${x%%/*}
case $f in ''|*[!0-9a-f]*) continue;; esac
[ $((0x$f & 16)) != 0 ] || continue
case $w in *" $x "*) continue;; esac
w="$w$x "
y=$(getent group "$x") || continue
printf 'group %s\\n' "$y"
getent passwd "\${y%%:*}"
while IFS=: read -r o d u g d; do [ "$g" != "$x" ] || printf '%s:x:%s:%s\\n' "$o" "$u" "$g"; done </etc/passwd
done; echo ====)`;
