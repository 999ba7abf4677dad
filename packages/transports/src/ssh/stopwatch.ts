/** A time-out that can be held while a person is asked. */
export interface Stopwatch {
  readonly hold: <T>(answer: Promise<T>) => Promise<T>;
  readonly stop: () => void;
}

/** Calls `late` once after so many seconds, those not counted in which it was held. */
export function startStopwatch(seconds: number, late: () => void): Stopwatch {
  let remaining = seconds * 1000;
  let started = performance.now();
  let holding = 0;
  let stopped = false;
  let timer = setTimeout(late, remaining);
  return {
    async hold(answer) {
      if (holding === 0) {
        clearTimeout(timer);
        remaining -= performance.now() - started;
      }
      holding += 1;
      try {
        return await answer;
      } finally {
        holding -= 1;
        if (holding === 0 && !stopped) {
          started = performance.now();
          timer = setTimeout(late, Math.max(remaining, 0));
        }
      }
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
