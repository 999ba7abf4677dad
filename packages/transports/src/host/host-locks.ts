import { type LockOptions as Asked, ClawError, type Lock, type LockHolder, problemOf } from '@claw-run/core';
import type { HeldLock } from './fence.ts';
import type { Settling } from './former-shell.ts';
import { type HostLock, type LockOptions, lockAsRoot, lockAsUser, type Taking } from './lock.ts';
import type { Runner } from './runner.ts';

export interface HostLocks {
  /** Who holds the lock at this time, or held it last. */
  readonly holder: LockHolder | undefined;
  /** What has to be so for an action to take place. */
  readonly held: readonly HeldLock[];
  /** Sees to it that nothing that was sent before goes on, or begins. @throws ClawError `lock-lost` */
  readonly fence: (how: Pick<Settling, 'signal' | 'now'>) => Promise<void>;
  readonly take: (holder: LockHolder, options: Asked) => Promise<Lock>;
  /** Called before anything is done as root. @throws ClawError `locked` where another run holds the lock of root */
  readonly needRoot: (signal: AbortSignal) => Promise<void>;
}

/**
 * The lock of a run on a host: root's, if the run can be root there. Where the log-in is not root, that is not known when the lock is taken, and sudo is not asked
 * for by a run that has never used it, since it reports whoever may not. Such a run holds the lock of its user, and takes root's too before its first action as root.
 */
export function hostLocks(runner: Runner, options: LockOptions): HostLocks {
  let holder: LockHolder | undefined;
  let ours: HostLock[] = [];
  let more: ((signal: AbortSignal) => Promise<void>) | undefined;
  return {
    get holder() {
      return holder;
    },
    get held() {
      return ours.map(({ held }) => held);
    },
    async take(by, { beside = [], force = false, signal: asked, onWait }) {
      const besides = () => beside.flatMap((lock) => members.get(lock) ?? []);
      const how: Taking = { signal: asked, force, onWait, beside: besides };
      holder = by;
      const isRoot = (await runner.identity(how.signal)).uid === '0';
      const roots =
        !isRoot && runner.usesSudo ? await lockAsRoot(runner, by, { ...options, ...how }) : undefined;
      const asUser = (alone: boolean) => lockAsUser(runner, by, { ...options, ...how, alone });
      // where sudo does not let us take root's, this one has to do
      const asRoot = () =>
        lockAsRoot(runner, by, { ...options, ...how }).catch((error: unknown) => {
          if (problemOf(error).code === 'forbidden') return undefined;
          throw error;
        });
      const first =
        roots ??
        (await asUser(isRoot || options.folder !== undefined).catch(async (error: unknown) => {
          // a folder that was named may be one that root made for an earlier run
          const ofRoot = !isRoot && options.folder !== undefined && problemOf(error).code === 'forbidden';
          const byRoot = ofRoot ? await lockAsRoot(runner, by, { ...options, ...how }) : undefined;
          if (byRoot === undefined) throw error;
          return byRoot;
        })) ??
        (await asRoot()) ??
        (await asUser(true));
      if (first === undefined) throw new Error('a lock that is taken alone is taken or fails');
      ours = [first];
      const { join, lock } = together(first, () => {
        ours = [];
      });
      // in a folder that was named there is one lock for all
      if (isRoot || runner.usesSudo || options.folder !== undefined) return lock;
      let taking: Promise<void> | undefined;
      let isAsked = false;
      const takeRoots = async (signal: AbortSignal) => {
        if (isAsked) return;
        const further = await lockAsRoot(runner, by, { ...options, ...how, signal });
        isAsked = true;
        if (further === undefined) return;
        join(further);
        ours.push(further);
        if (further.waited) throw lookAgain(options.host);
      };
      more = (signal) => {
        taking ??= takeRoots(signal).finally(() => {
          taking = undefined;
        });
        return taking;
      };
      return lock;
    },
    async fence(how) {
      for (const each of ours) await each.fence(how);
    },
    async needRoot(signal) {
      await more?.(signal);
    },
  };
}

/** What the locks that were given away are made of, for who shares them. */
const members = new WeakMap<Lock, readonly HostLock[]>();

/** What was seen before root's lock was taken is old. */
function lookAgain(host: string): ClawError {
  return new ClawError('unreachable', `a command of an earlier process has just ended on ${host}`, {
    hint: 'what it did is looked for before anything else is done',
    retryable: true,
    notPerformed: true,
  });
}

/** A lock that others may join: it is lost with any of them, and all are released with it. */
function together(
  first: HostLock,
  released: () => void,
): { readonly lock: Lock; readonly join: (further: HostLock) => void } {
  const lost = new AbortController();
  const locks: HostLock[] = [];
  const join = (lock: HostLock) => {
    locks.unshift(lock);
    lock.lost.addEventListener('abort', () => lost.abort(lock.lost.reason), { once: true });
  };
  join(first);
  const lock: Lock = {
    lost: lost.signal,
    async release() {
      released();
      for (const each of locks) await each.release();
    },
  };
  members.set(lock, locks);
  return { lock, join };
}
