import type { Connection, Lock } from '@claw-run/core';

/**
 * A connection that the runs of a fleet share: each waits for the lock until the one before has given it back, so that they change what they
 * share one after the other. Closing it is left to whoever made it.
 */
export function shareConnection(connection: Connection): Connection {
  let last: Promise<void> = Promise.resolve();
  return {
    kind: connection.kind,
    name: connection.name,
    ...(connection.warnings !== undefined && { warnings: connection.warnings }),
    read: (read, options) => connection.read(read, options),
    perform: (action, options) => connection.perform(action, options),
    ...(connection.refused === undefined
      ? {}
      : { refused: (wanted, options) => connection.refused?.(wanted, options) ?? Promise.resolve([]) }),
    async lock(holder, options) {
      const turn = Promise.withResolvers<void>();
      const before = last;
      last = before.then(() => turn.promise);
      try {
        await unlessAborted(before, options.signal);
        return handingOn(await connection.lock(holder, options), turn.resolve);
      } catch (error) {
        turn.resolve();
        throw error;
      }
    },
    close: () => Promise.resolve(),
  };
}

function handingOn(lock: Lock, next: () => void): Lock {
  return {
    lost: lock.lost,
    release: () => lock.release().finally(next),
  };
}

function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    void work.then(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
  });
}
