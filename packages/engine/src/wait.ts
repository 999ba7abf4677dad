import { ClawError } from '@claw-run/core';

/** Waits, or rejects with the signal's reason as soon as it is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * Looks again, at growing intervals, until `look` gives a value, and has given one for `steadySeconds` (0 where absent); `pending` says
 * what was seen last.
 * @throws ClawError `not-settled` with that after `seconds`
 */
export async function waitFor<T>(
  look: () => Promise<{ readonly value: T } | { readonly pending: string }>,
  options: {
    what: string;
    seconds: number;
    steadySeconds?: number | undefined;
    signal: AbortSignal;
    onWait?: (pending: string) => void | Promise<void>;
  },
): Promise<T> {
  const deadline = performance.now() + options.seconds * 1000;
  const steadyMs = (options.steadySeconds ?? 0) * 1000;
  let since: number | undefined;
  for (let interval = 100; ; interval = Math.min(interval * 1.5, 2000)) {
    const found = await look().catch(pendingIfRetryable);
    if ('value' in found) {
      since ??= performance.now();
      const unsure = steadyMs - (performance.now() - since);
      if (unsure <= 0) return found.value;
      await pause(unsure, options.signal);
      continue;
    }
    since = undefined;
    const left = deadline - performance.now();
    if (left <= 0) {
      throw new ClawError(
        'not-settled',
        `${options.what} did not come about within ${options.seconds} s: ${found.pending}`,
        {
          hint: 'look at what holds it up; a longer `timeout` (or `within`) gives it more time',
        },
      );
    }
    await options.onWait?.(found.pending);
    await pause(Math.min(interval, left), options.signal);
  }
}

/** A target that cannot be reached for a moment is waited for like anything else. */
function pendingIfRetryable(error: unknown): { readonly pending: string } {
  if (error instanceof ClawError && error.retryable) return { pending: error.message };
  throw error;
}
