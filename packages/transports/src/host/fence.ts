import { ClawError, type LockHolder } from '@claw-run/core';
import type { Command } from './commands.ts';
import { quote } from './quote.ts';
import type { Result } from './wire.ts';

/** A lock that is held on a host: where it is, and what the file holds while it is ours. */
export interface HeldLock {
  readonly path: string;
  readonly line: string;
}

/**
 * Shell functions for what happens under a lock, of built-ins alone.
 *
 *     B SECONDS PATH LINE…  whether all these locks hold their lines; then it is kept beside the last one which shell acts, since when and for how long at most
 *     bs PID                sets `T` to when a process began
 *     Q PID BEGAN           prints whether that shell is `gone`, `idle` or `busy`, and for how many seconds this machine has been up
 */
export const fenceFunctions = `bs() { { IFS= read -r x <"/proc/$1/stat"; } 2>/dev/null || return 1
set -- \${x##*) }; shift 19; T=$1; }
B() { w=$1; shift
while [ $# -gt 0 ]; do h=
{ IFS= read -r h <"$1"; } 2>/dev/null
[ "$h" = "$2" ] || return 1
d=$1; shift 2; done
bs $$ && read -r x h </proc/uptime && { printf '%s\\n' "$$ $T \${x%.*} $w" >"$d.by"; } 2>/dev/null
return 0; }
Q() { y=gone
if bs "$1" && [ "$T" = "$2" ]; then y=idle; w=$1
for s in /proc/[0-9]*/stat; do { IFS= read -r x <"$s"; } 2>/dev/null || continue
set -- \${x##*) }; [ "$2" != "$w" ] || y=busy; done; fi
read -r x h </proc/uptime; printf '%s\\n' "$y \${x%.*}"; }`;

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
else e ${id} ${fencedExit} "fenced $h"; fi`,
  };
}

/** @throws ClawError `lock-lost` where an action was not begun, since the lock is not ours any more */
export function assertUnfenced(host: string, { exit, note }: Result): void {
  if (exit !== fencedExit || !note.startsWith('fenced')) return;
  const line = note.slice('fenced '.length);
  const { run, runbook, who } = holderOf(line);
  const whose =
    line === ''
      ? 'its file was removed'
      : `run ${run ?? 'of somebody'} (${runbook ?? 'a runbook'}, by ${who ?? 'somebody'}) has it now`;
  throw new ClawError('lock-lost', `the lock of ${host} was lost: ${whose}`, {
    hint: 'nothing more was changed; look at what the other run does, then resume or roll back',
    notPerformed: true,
  });
}

/** What the line of a lock says. */
export function holderOf(
  line: string,
): Partial<LockHolder> & { readonly since?: string; readonly pid?: number } {
  try {
    return JSON.parse(line) as Partial<LockHolder>;
  } catch {
    return {};
  }
}
