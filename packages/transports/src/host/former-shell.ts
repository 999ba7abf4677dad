import { setTimeout as delay } from 'node:timers/promises';
import { ClawError } from '@claw-run/core';
import { endingAllOf } from './prelude.ts';
import { quote } from './quote.ts';
import type { Runner } from './runner.ts';

/** A shell that acted under a lock, as it is kept beside it. */
export interface FormerShell {
  /** Who kept it: nobody else's processes are ended on the word of somebody who is not root. */
  readonly uid: number;
  /** Which boot of the machine it was. */
  readonly boot: string;
  readonly pid: number;
  /** In ticks since the machine was started. */
  readonly began: string;
  /** When its last action began and how long it may take, in seconds. */
  readonly acted: number;
  readonly seconds: number;
}

const lookEveryMs = 500;
const endEveryMs = 100;
const endTries = 20;
/** `timeout` on the host comes before this. */
const graceSeconds = 10;

/** Shell text that prints what is kept beside a lock, each line after the number of who kept it. */
export function printFormers(path: string): string {
  return `for i in ${path}.by.*; do [ -f "$i" ] && [ ! -L "$i" ] || continue
while IFS= read -r r; do printf '%s\\n' "\${i##*.by.} $r"; done <"$i"; done`;
}

/** The shells that are kept beside a lock, each with its last action; what is no such line is passed over. */
export function formerShells(text: string): readonly FormerShell[] {
  const shells = new Map<string, FormerShell>();
  for (const line of text.split('\n')) {
    const [uid = '', boot = '', pid = '', began = '', acted = '', seconds = '', ...more] = line.split(' ');
    const numbers = [uid, pid, began, acted, seconds];
    const isOne = more.length === 0 && numbers.every((word) => /^\d{1,15}$/.test(word));
    if (!isOne || !/^[\da-f-]{1,40}$/.test(boot)) continue;
    shells.set(`${uid} ${boot} ${pid} ${began}`, {
      uid: Number(uid),
      boot,
      pid: Number(pid),
      began,
      acted: Number(acted),
      seconds: Number(seconds),
    });
  }
  return [...shells.values()];
}

export interface Settling {
  readonly host: string;
  /** Whom it is asked and ended as, where that is not the log-in. */
  readonly runAs: string | undefined;
  readonly signal: AbortSignal;
  /** Ends what runs without waiting for it. */
  readonly now?: boolean;
  readonly onWait?: ((because: string) => void) | undefined;
}

/**
 * Sees to it that nothing of a shell is under way any more whose claw-run is dead or lost: a command that it began is waited for as long as it was allowed to take,
 * and ended then. What it did is found by looking, once this returns.
 * @returns whether something was under way
 * @throws ClawError `locked` where it can be neither waited for nor ended
 */
export async function settleFormer(
  runner: Runner,
  { uid, boot, pid, began, acted, seconds }: FormerShell,
  { host, runAs, signal, now: atOnce = false, onWait }: Settling,
): Promise<boolean> {
  const self = await runner.identity(signal);
  // our own shell is not a former one, even where we took the lock twice
  if (pid === self.pid) return false;
  const asRoot = uid === 0 && self.uid !== '0' ? 'root' : runAs;
  const asked = { what: 'what still runs', seconds: 20, signal, runAs: asRoot };
  const until = acted + seconds + graceSeconds;
  let told = false;
  let wasBusy = false;
  for (let tries = 0; ; ) {
    const { stdout } = await runner.ask({
      ...asked,
      script: (id) => `Q ${quote(boot)} ${pid} ${began} ${uid} </dev/null 2>/dev/null\ne ${id} 0`,
    });
    const [state = '', now = ''] = stdout.toString('utf8').trim().split(' ');
    if (state === 'gone') return wasBusy;
    wasBusy ||= state === 'busy';
    if (state === 'idle' || atOnce || Number(now) >= until) {
      tries += 1;
      // who may not end a shell that does nothing is not held up by it
      if (state === 'idle' && tries > 3) return wasBusy;
      if (tries > endTries)
        throw new ClawError('locked', `a command of a former run still runs on ${host}: process ${pid}`, {
          hint: `end it there: kill ${pid}`,
        });
      const ending = state === 'idle' ? `E ${pid}` : `${endingAllOf(pid)}E ${pid}`;
      await runner.ask({
        ...asked,
        script: (id) => `( ${ending} ) </dev/null >/dev/null 2>&1\ne ${id} 0`,
      });
    } else if (!told) {
      told = true;
      onWait?.(
        `a command that was begun earlier on ${host} still runs there (process ${pid}): it is waited for, ${until - Number(now)} s at most`,
      );
    }
    await delay(tries > 0 ? endEveryMs : lookEveryMs, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
  }
}
