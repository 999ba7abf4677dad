import { unlessAborted } from '../unless-aborted.ts';

/** Waits, or rejects as soon as the signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  const waited = Promise.withResolvers<void>();
  const timer = setTimeout(waited.resolve, ms);
  return unlessAborted(waited.promise, signal).finally(() => clearTimeout(timer));
}
