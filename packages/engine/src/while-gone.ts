import { ClawError } from '@claw-run/core';
import type { Session } from './session.ts';
import { pause } from './wait.ts';

/**
 * Does some work again for as long as its target cannot be reached: at growing intervals, and within the time that the run allows for it. Whether
 * an action took place before its connection went is not known, so the work has to begin by looking.
 * @throws ClawError `unreachable` when the target did not come back in time
 */
export async function whileGone<T>(session: Session, id: string, work: () => Promise<T>): Promise<T> {
  let deadline: number | undefined;
  for (let interval = 100; ; interval = Math.min(interval * 2, 5000)) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ClawError) || error.code !== 'unreachable') throw error;
      deadline ??= performance.now() + session.reconnectSeconds * 1000;
      const left = deadline - performance.now();
      if (left <= 0) throw givenUp(error, session.reconnectSeconds);
      await session.record({
        type: 'step.waiting',
        id,
        because: `${error.message}; trying to reach it again`,
      });
      await pause(Math.min(interval, left), session.signal);
    }
  }
}

function givenUp(error: ClawError, seconds: number): ClawError {
  const message = `${error.message}; it did not come back within ${seconds} s, so whether the last action took place is not known`;
  return new ClawError('unreachable', message, {
    hint: 'once it can be reached again, going on with the run or undoing it finds that out by looking',
    cause: error,
  });
}
