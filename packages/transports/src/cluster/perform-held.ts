import { type ActionResult, ClawError, type ClusterAction } from '@claw-run/core';
import type { Api } from './api.ts';
import type { ClusterLock } from './lease.ts';
import { withNotPerformed } from './not-performed.ts';
import { performOnCluster } from './perform.ts';

/** Performs actions, each of whose requests goes out only while the lock is held, where there is one. */
export type PerformHeld = (
  action: ClusterAction,
  options: { readonly key: string; readonly signal: AbortSignal; readonly lock: ClusterLock | undefined },
) => Promise<ActionResult>;

/** Errors say whether nothing took place: as long as no request was sent that changes anything, and of none it is unknown what became of it. */
export function createPerformHeld(api: Api): PerformHeld {
  // actions of which an earlier try may have taken place, now or still
  const unknown = new Set<string>();
  return async (action, { key, signal, lock }) => {
    let sent = false;
    const guarded = api.guarded(async (by) => {
      await lock?.assertHeld(by);
      sent = true;
    });
    const work = (by: AbortSignal) => performOnCluster(guarded, action, by);
    try {
      const result = await (lock === undefined ? work(signal) : lock.during(work, signal));
      unknown.delete(key);
      return result;
    } catch (error) {
      const refused = error instanceof ClawError && error.notPerformed;
      if (!refused && sent) unknown.add(key);
      if (!unknown.has(key)) throw withNotPerformed(error, refused || !sent);
      throw refused && error.code === 'conflict' ? perhapsOurs(error) : withNotPerformed(error, false);
    }
  };
}

/** What an earlier try of the same action may have done itself: it is decided by looking. */
function perhapsOurs(error: ClawError): ClawError {
  return new ClawError(
    'unreachable',
    `${error.message}; an earlier try, whose answer was lost, may have done it`,
    {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
      retryable: true,
    },
  );
}
