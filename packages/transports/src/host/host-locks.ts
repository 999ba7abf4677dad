import { type Lock, type LockHolder, problemOf } from '@claw-run/core';
import { type LockOptions, lockAsRoot, lockAsUser } from './lock.ts';
import type { Runner } from './runner.ts';

export interface HostLocks {
  /** Who holds the lock at this time, or held it last. */
  readonly holder: LockHolder | undefined;
  readonly take: (holder: LockHolder, options: { signal: AbortSignal; force: boolean }) => Promise<Lock>;
  /** Called before anything is done as root. @throws ClawError `locked` where another run holds the lock of root */
  readonly needRoot: (signal: AbortSignal) => Promise<void>;
}

/**
 * The lock of a run on a host: root's, if the run can be root there. Where the log-in is not root, that is not known when the lock is taken, and sudo is not asked
 * for by a run that has never used it, since it reports whoever may not. Such a run holds the lock of its user, and takes root's too before its first action as root.
 */
export function hostLocks(runner: Runner, options: LockOptions): HostLocks {
  let holder: LockHolder | undefined;
  let more: ((signal: AbortSignal) => Promise<void>) | undefined;
  return {
    get holder() {
      return holder;
    },
    async take(by, how) {
      holder = by;
      const isRoot = (await runner.identity(how.signal)).uid === '0';
      const roots =
        !isRoot && runner.usesSudo ? await lockAsRoot(runner, by, { ...options, ...how }) : undefined;
      const first =
        roots ??
        (await lockAsUser(runner, by, { ...options, ...how }).catch(async (error: unknown) => {
          // a folder that was named may be one that root made for an earlier run
          const ofRoot = !isRoot && options.folder !== undefined && problemOf(error).code === 'forbidden';
          const byRoot = ofRoot ? await lockAsRoot(runner, by, { ...options, ...how }) : undefined;
          if (byRoot === undefined) throw error;
          return byRoot;
        }));
      // in a folder that was named there is one lock for all
      if (isRoot || runner.usesSudo || options.folder !== undefined) return first;
      const { join, lock } = together(first);
      let taking: Promise<void> | undefined;
      more = (signal) => {
        taking ??= lockAsRoot(runner, by, { ...options, force: how.force, signal }).then(join);
        return taking;
      };
      return lock;
    },
    async needRoot(signal) {
      await more?.(signal);
    },
  };
}

/** A lock that others may join: it is lost with any of them, and all are released with it. */
function together(first: Lock): { readonly lock: Lock; readonly join: (further: Lock | undefined) => void } {
  const lost = new AbortController();
  const locks: Lock[] = [];
  const join = (lock: Lock | undefined) => {
    if (lock === undefined) return;
    locks.unshift(lock);
    lock.lost.addEventListener('abort', () => lost.abort(lock.lost.reason), { once: true });
  };
  join(first);
  const lock: Lock = {
    lost: lost.signal,
    async release() {
      for (const each of locks) await each.release();
    },
  };
  return { lock, join };
}
