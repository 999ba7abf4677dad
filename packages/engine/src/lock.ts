import { type Lock, problemOf } from '@claw-run/core';
import { machineOf, type Session } from './session.ts';
import { timeLimit, withinSignal } from './time-limit.ts';

/** The locks of all targets that a run changes. */
export interface Locks {
  /** Throws the reason when one of them was lost. */
  readonly check: () => void;
  readonly release: () => Promise<void>;
}

const releaseSeconds = 20;

/** Takes the locks of targets, in a fixed order so that two runs cannot wait for each other; all or none. */
export async function lockTargets(
  session: Session,
  targets: readonly string[],
  options: { who: string; force?: boolean },
): Promise<Locks> {
  const locks: Lock[] = [];
  // a target that went away keeps its lock: the next run of it is told whose it is, and going on with this one takes it over
  const release = async () => {
    const over = timeLimit(session.signal, { what: 'the release of the locks', seconds: releaseSeconds });
    const all = locks.map((lock) => withinSignal(lock.release(), over.signal, 500));
    const released = await Promise.allSettled(all);
    over.release();
    for (const each of released) if (each.status === 'rejected') problemOf(each.reason);
  };
  try {
    // targets that are the same machine have one lock; two runbooks may call the same machines by other names
    const worlds = new Set(targets.map(session.world));
    const connections = [...worlds].map(({ connection }) => connection);
    for (const connection of connections.toSorted((a, b) => (machineOf(a) < machineOf(b) ? -1 : 1))) {
      const holder = { run: session.run, runbook: session.runbook.name, who: options.who };
      const { signal } = session;
      const how = { signal, beside: locks, onWait: session.warn, ...(options.force ? { force: true } : {}) };
      const taking = connection.lock(holder, how);
      locks.push(await withinSignal(taking, signal));
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
