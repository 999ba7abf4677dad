import { ClawError } from '@claw-run/core';
import { parseDuration } from '@claw-run/runbook';
import { UsageError } from '../cli/usage-error.ts';
import type { Context } from '../context.ts';
import { exitNow } from '../exit.ts';
import { onStopping, type Stopping } from './launched.ts';

/** What stops a run: signals, and the time allowed. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** What is said when a second signal ends the process at once: how the run is resumed and rolled back, once it has a journal. */
  readonly onEndAtOnce: (lines: readonly string[]) => void;
  /** The end was told: what comes now changes nothing of it. */
  readonly end: () => void;
}

/** The first signal asks to stop (after the action in hand, unless `first` says otherwise); a second one ends the process at once. @throws UsageError */
export function watchInterrupts(
  { io, options }: Context,
  first = 'stopping after the action in hand; once more ends at once',
): Interrupt {
  const controller = new AbortController();
  let asked = false;
  let over = false;
  let last: readonly string[] = [];
  const stop = (signal: Stopping) => {
    // the end was told already, and the process is about to go
    if (over) return;
    if (asked) {
      io.err(`\n${signal}: ended at once; whether the action in hand took place is not known\n`);
      for (const line of last) io.err(`${line}\n`);
      exitNow(signal === 'SIGINT' ? 130 : 143);
    }
    asked = true;
    io.err(`\n${signal}: ${first}\n`);
    controller.abort(new ClawError('cancelled', `interrupted by ${signal}`));
  };
  const timer = watchTime(options.timeout, controller);
  onStopping(stop);
  return {
    signal: controller.signal,
    onEndAtOnce: (lines) => {
      last = lines;
    },
    end: () => {
      clearTimeout(timer);
      over = true;
    },
  };
}

function watchTime(text: string | undefined, controller: AbortController): NodeJS.Timeout | undefined {
  if (text === undefined) return undefined;
  const seconds = parseDuration(text);
  if (seconds === undefined || seconds <= 0) {
    throw new UsageError(`--timeout does not understand ${JSON.stringify(text)}`, 'as 90s, 10m or 1h30m');
  }
  const reason = () => new ClawError('timeout', `the run timed out after ${text} (--timeout)`);
  return setTimeout(() => controller.abort(reason()), seconds * 1000).unref();
}
