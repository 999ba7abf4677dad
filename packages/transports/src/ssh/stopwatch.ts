import { countDown } from '../host/count-down.ts';

/** A time-out that can be held while a person is asked. */
export interface Stopwatch {
  readonly hold: <T>(answer: Promise<T>) => Promise<T>;
  readonly stop: () => void;
}

/** Calls `late` once after so many seconds, those not counted in which it was held. */
export function startStopwatch(seconds: number, late: () => void): Stopwatch {
  let remaining = seconds * 1000;
  let holding = 0;
  let stopped = false;
  let running = countDown(remaining, late);
  return {
    async hold(answer) {
      if (holding === 0) remaining = running.stop();
      holding += 1;
      try {
        return await answer;
      } finally {
        holding -= 1;
        if (holding === 0 && !stopped) running = countDown(remaining, late);
      }
    },
    stop() {
      stopped = true;
      running.stop();
    },
  };
}
