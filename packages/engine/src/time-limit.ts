import { ClawError } from '@claw-run/core';
import { reasonOf } from './interrupt.ts';

/** How long after its signal was aborted a connection may take to say so: it is not waited for any longer. */
const graceMs = 1000;

/** What ends an action in hand. */
export interface TimeLimit {
  readonly signal: AbortSignal;
  readonly release: () => void;
}

/** Aborts, with `timeout`, once the time of the run or of a step is over. An interrupt does not: the action in hand is brought to its end. */
export function timeLimit(
  run: AbortSignal,
  { what, seconds }: { readonly what: string; readonly seconds?: number | undefined },
): TimeLimit {
  const own = new AbortController();
  const follow = () => {
    const reason = reasonOf(run);
    if (reason.code === 'timeout') own.abort(reason);
  };
  if (run.aborted) follow();
  else run.addEventListener('abort', follow, { once: true });
  const over = () => own.abort(new ClawError('timeout', `${what} timed out after ${seconds} s`));
  const timer = seconds === undefined ? undefined : setTimeout(over, seconds * 1000);
  return {
    signal: own.signal,
    release() {
      clearTimeout(timer);
      run.removeEventListener('abort', follow);
    },
  };
}

/** Work that heeds a signal, given up where it does not. @throws the signal's reason */
export function withinSignal<T>(work: Promise<T>, signal: AbortSignal, ms = graceMs): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const aborted = () => {
      timer = setTimeout(() => reject(reasonOf(signal)), ms);
    };
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
    };
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted, { once: true });
    work.then(resolve, reject).finally(end);
  });
}
