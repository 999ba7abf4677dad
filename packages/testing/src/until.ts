import { setTimeout as pause } from 'node:timers/promises';

/** Waits until a claim holds; fails with it after `seconds`. */
export async function until(claim: string, holds: () => Promise<boolean>, seconds = 30): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  for (let interval = 5; !(await holds()); interval = Math.min(interval * 2, 200)) {
    if (performance.now() > deadline) throw new Error(`not so after ${seconds} s: ${claim}`);
    await pause(interval);
  }
}
