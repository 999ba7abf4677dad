import { isAbsent, KubeError } from './client.ts';

/** Work that is done again whenever something it depends on may have changed, never twice at a time. */
export interface Loop {
  /** Asks for another round, at the latest after so many milliseconds. */
  poke(delayMs?: number): void;
  /** Resolves when the round under way has ended. */
  idle(): Promise<void>;
}

const RETRY_MS = 300;

/** A loop that ends when the signal aborts. A round that fails is done again; `onError` hears of it. */
export function createLoop(
  work: () => Promise<void>,
  signal: AbortSignal,
  onError: (error: unknown) => void = () => {},
): Loop {
  let timer: NodeJS.Timeout | undefined;
  let dueAt = Number.POSITIVE_INFINITY;
  let running: Promise<void> | undefined;
  let again = Number.POSITIVE_INFINITY;

  const start = () => {
    dueAt = Number.POSITIVE_INFINITY;
    running = work()
      .catch((error: unknown) => {
        if (signal.aborted) return;
        if (!isPassing(error)) onError(error);
        again = Math.min(again, RETRY_MS);
      })
      .finally(() => {
        running = undefined;
        const delay = again;
        again = Number.POSITIVE_INFINITY;
        if (delay !== Number.POSITIVE_INFINITY) poke(delay);
      });
  };
  const poke = (delayMs = 0) => {
    if (signal.aborted) return;
    if (running !== undefined) {
      again = Math.min(again, delayMs);
      return;
    }
    const at = performance.now() + delayMs;
    if (at >= dueAt) return;
    clearTimeout(timer);
    dueAt = at;
    timer = setTimeout(start, delayMs);
  };
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  return { poke, idle: async () => running };
}

/** Conflicts and vanished objects are the daily bread of controllers: the next round sees the news. */
function isPassing(error: unknown): boolean {
  return isAbsent(error) || (error instanceof KubeError && error.code === 409);
}
