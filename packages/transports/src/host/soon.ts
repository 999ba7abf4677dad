import { setTimeout as delay } from 'node:timers/promises';

/** Waits for what is being closed, for less than a second: what does not close in time is left to the end of the process. */
export async function soon(closing: Promise<unknown>): Promise<void> {
  const late = new AbortController();
  await Promise.race([closing, delay(closeMs, undefined, { signal: late.signal }).catch(() => undefined)]);
  late.abort();
}

const closeMs = 900;
