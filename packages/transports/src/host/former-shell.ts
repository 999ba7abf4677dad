import { setTimeout as delay } from 'node:timers/promises';
import { ClawError } from '@claw-run/core';
import { endingChildrenOf } from './prelude.ts';
import type { Runner } from './runner.ts';

/** A shell that acted under a lock, as it is kept beside it. */
export interface FormerShell {
  readonly pid: number;
  /** In ticks since the machine was started. */
  readonly began: string;
  /** When its last action began and how long it may take, in seconds. */
  readonly acted: number;
  readonly seconds: number;
}

const lookEveryMs = 500;
const graceSeconds = 5;

/** What is kept beside a lock; nothing where nobody has acted, or it is not that. */
export function formerShellOf(line: string): FormerShell | undefined {
  const [pid, began, acted, seconds, ...more] = line.trim().split(' ');
  const words = [pid, began, acted, seconds];
  if (more.length > 0 || words.some((word) => word === undefined || !/^\d{1,15}$/.test(word)))
    return undefined;
  return { pid: Number(pid), began: String(began), acted: Number(acted), seconds: Number(seconds) };
}

/**
 * Sees to it that nothing of a shell is under way any more whose claw-run is dead or lost: a command that it began is waited for as long as it was allowed to take,
 * and ended then. What it did is found by looking, once this returns.
 * @returns whether something was under way
 * @throws ClawError `locked` where it can be neither waited for nor ended
 */
export async function settleFormer(
  runner: Runner,
  { pid, began, acted, seconds }: FormerShell,
  options: {
    readonly host: string;
    readonly runAs: string | undefined;
    readonly signal: AbortSignal;
    readonly onWait?: ((because: string) => void) | undefined;
  },
): Promise<boolean> {
  const { host, runAs, signal, onWait } = options;
  const asked = { what: 'what still runs', seconds: 20, signal, runAs };
  const until = acted + seconds + graceSeconds;
  let told = false;
  let wasBusy = false;
  let tries = 0;
  for (;;) {
    const { stdout } = await runner.ask({
      ...asked,
      script: (id) => `Q ${pid} ${began} </dev/null 2>/dev/null\ne ${id} 0`,
    });
    const [state = '', now = ''] = stdout.toString('utf8').trim().split(' ');
    if (state === 'gone') return wasBusy;
    wasBusy ||= state === 'busy';
    const isOver = Number(now) >= until;
    if (state === 'idle' || isOver) {
      tries += 1;
      // who may not end a shell that does nothing is not held up by it
      if (state === 'idle' && tries > 3) return wasBusy;
      if (tries > 10)
        throw new ClawError('locked', `a command of a former run still runs on ${host}: process ${pid}`, {
          hint: `end it there: kill ${pid}`,
        });
      await runner.ask({
        ...asked,
        script: (id) =>
          `( ${state === 'busy' ? endingChildrenOf(pid) : ''}\nkill -9 ${pid} ) </dev/null >/dev/null 2>&1\ne ${id} 0`,
      });
    } else if (!told) {
      told = true;
      onWait?.(
        `a command that an earlier process began on ${host} still runs there (process ${pid}): it is waited for, ${until - Number(now)} s at most`,
      );
    }
    await delay(tries > 0 ? lookEveryMs / 5 : lookEveryMs, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
  }
}
