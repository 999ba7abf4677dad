import { type Lock, problemOf } from '@claw-run/core';
import type { Session } from './session.ts';

/** The locks of all targets that a run changes. */
export interface Locks {
  /** Throws the reason when one of them was lost. */
  readonly check: () => void;
  readonly release: () => Promise<void>;
}

/** Takes the locks of targets, in a fixed order so that two runs cannot wait for each other; all or none. */
export async function lockTargets(
  session: Session,
  targets: readonly string[],
  options: { who: string; force?: boolean },
): Promise<Locks> {
  const locks: Lock[] = [];
  // a target that went away keeps its lock: the next run of it is told whose it is, and going on with this one takes it over
  const release = async () => {
    const released = await Promise.allSettled(locks.map((lock) => lock.release()));
    for (const each of released) if (each.status === 'rejected') problemOf(each.reason);
  };
  try {
    // targets that are the same machine have one lock
    for (const { connection } of new Set([...targets].sort().map(session.world))) {
      const holder = { run: session.run, runbook: session.runbook.name, who: options.who };
      locks.push(
        await connection.lock(holder, { signal: session.signal, ...(options.force ? { force: true } : {}) }),
      );
    }
  } catch (error) {
    await release();
    throw error;
  }
  return {
    check: () => {
      for (const lock of locks) lock.lost.throwIfAborted();
    },
    release,
  };
}
