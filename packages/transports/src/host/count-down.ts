/** A time that runs out unless it is stopped; `stop` gives the milliseconds that were left. */
export interface CountDown {
  readonly stop: () => number;
}

/**
 * Calls `late` once this process has been running for so many milliseconds. A time in which it stood still (stopped, suspended with its machine, on a machine
 * that had no time for it) says nothing of how long the other side took: it is counted in slices, of which one that takes longer than two counts as two.
 */
export function countDown(ms: number, late: () => void): CountDown {
  const slice = Math.min(1000, ms / 4);
  let left = ms;
  let last = performance.now();
  const count = () => {
    const now = performance.now();
    left = Math.max(0, left - Math.min(now - last, 2 * slice));
    last = now;
  };
  const wait = (): NodeJS.Timeout =>
    setTimeout(
      () => {
        count();
        if (left === 0) late();
        else timer = wait();
      },
      Math.min(slice, left),
    );
  let timer = wait();
  return {
    stop() {
      clearTimeout(timer);
      count();
      return left;
    },
  };
}
