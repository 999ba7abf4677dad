import { ClawError, type LockHolder } from '@claw-run/core';
import type { Command } from './commands.ts';
import { quote } from './quote.ts';
import type { Result } from './wire.ts';

/** A lock that is held on a host: where it is, and what the file holds while it is ours. */
export interface HeldLock {
  readonly path: string;
  /** Another one once what was begun under the former has to be kept from beginning. */
  readonly line: string;
}

/**
 * Shell functions for what happens under a lock, of built-ins alone.
 *
 *     B SECONDS PATH LINE…  whether all these locks hold their lines; one in a folder that is closed to who acts cannot be looked at, and is not held against it. Beside the last one is kept first which shell acts, since when and for how long at most: who takes the
 *                           lock either finds that, or has changed the line before it is looked at. `TL` runs a command for no longer than that, where it is `timeout`
 *     cf PATH               whether a path leads through a folder that is closed to who acts; not where it ends in a folder that is gone
 *     bs PID                sets `T` to when a process began; not for one that has ended
 *     bw PID                whether anything that a process started runs
 *     up                    sets `UP` to the seconds that this machine has been up, and `BI` to which boot it is: no clock that is set changes them
 *     at PATH TOKEN         keeps beside a lock when it was renewed
 *     Q BOOT PID BEGAN UID  prints whether that shell of that user is `gone`, `idle` or `busy`, and `UP`
 *     E PID                 ends a shell that does nothing; what it begins meanwhile is let go on
 */
export const fenceFunctions = `bs() { { IFS= read -r x <"/proc/$1/stat"; } 2>/dev/null || return 1
set -- \${x##*) }; case $1 in Z|X) return 1;; esac; shift 19; T=$1; }
bw() { w=$1; for s in /proc/[0-9]*/stat; do { IFS= read -r x <"$s"; } 2>/dev/null || continue
set -- \${x##*) }; case $1$2 in Z*|X*) ;; ?$w) return 0;; esac; done; return 1; }
up() { read -r UP x </proc/uptime && UP=\${UP%.*} && read -r BI </proc/sys/kernel/random/boot_id; }
at() { [ -L "$1.at" ] || ! up || printf '%s\\n' "$2 $BI $UP" 1<>"$1.at"; }
cf() { d=$1; while :; do case $d in */*) d=\${d%/*};; *) d=.;; esac; [ ! -e "\${d:-/}" ] || break; done; [ ! -x "\${d:-/}" ]; }
B() { w=$1; shift
f=; n=0; for d do n=$((n+1)); [ $((n%2)) = 0 ] || f=$d; done
if up && bs $$ && [ ! -L "$f.by.$U" ]; then { printf '%s\\n' "$BI $$ $T $UP $w" >>"$f.by.$U"; } 2>/dev/null; fi
while [ $# -gt 0 ]; do h=
{ IFS= read -r h <"$1"; } 2>/dev/null
[ "$h" = "$2" ] || cf "$1" || return 1
shift 2; done
[ -n "$TL" ] || if timeout -k 1 9 true </dev/null >/dev/null 2>&1; then TL='timeout -k 5'; else TL=no; fi
case $TL in no) TO=;; *) TO="$TL $((w+2))";; esac; }
Q() { y=gone
if up && [ "$BI" = "$1" ] && bs "$2" && [ "$T" = "$3" ]; then
k=; n=; { while read -r k n x; do [ "$k" != Uid: ] || break; done <"/proc/$2/status"; } 2>/dev/null
if [ "$4" = 0 ] || [ "$n" = "$4" ]; then y=idle; ! bw "$2" || y=busy; fi; fi
printf '%s\\n' "$y $UP"; }
E() { kill -STOP "$1"; if bw "$1"; then kill -CONT "$1"; else kill -9 "$1"; fi; }`;

const fencedExit = 75;

/** The command of an action that may take so long, begun only while the locks are ours. */
export function fenced<C extends Pick<Command, 'script'>>(
  command: C,
  locks: readonly HeldLock[],
  seconds: number,
): C {
  if (locks.length === 0) return command;
  const words = locks.flatMap(({ path, line }) => [path, line]).map(quote);
  return {
    ...command,
    script: (id, way) => `if B ${Math.ceil(seconds)} ${words.join(' ')}; then
${command.script(id, way)}
else e ${id} ${fencedExit} "fenced $h"; fi
TO=`,
  };
}

/** @throws ClawError `lock-lost` where an action was not begun, since the lock is not ours any more */
export function assertUnfenced(host: string, { exit, note }: Result): void {
  if (exit !== fencedExit || !note.startsWith('fenced')) return;
  throw lostLock(host, note.slice('fenced '.length));
}

/** What it means that a lock file holds another line than ours, or none. */
export function lostLock(host: string, line: string): ClawError {
  const { run, runbook, who } = holderOf(line);
  const whose =
    line === ''
      ? 'its file was removed'
      : `run ${run ?? 'of somebody'} (${runbook ?? 'a runbook'}, by ${who ?? 'somebody'}) has it now`;
  return new ClawError('lock-lost', `the lock of ${host} was lost: ${whose}`, {
    hint: 'nothing more was changed; look at what the other run does, then resume or roll back',
    notPerformed: true,
  });
}

/** What the line of a lock says. */
export function holderOf(
  line: string,
): Partial<LockHolder> & { readonly since?: string; readonly pid?: number; readonly token?: string } {
  try {
    return JSON.parse(line) as Partial<LockHolder>;
  } catch {
    return {};
  }
}
