import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ClawError, type ClusterObject, type Lock, type LockHolder, type LockOptions } from '@claw-run/core';
import { unlessAborted } from '../unless-aborted.ts';
import { objectIn } from './answer.ts';
import type { Api } from './api.ts';
import { leaseRef } from './lease-ref.ts';
import { withNotPerformed } from './not-performed.ts';
import { apiError, statusOf } from './status.ts';
import { pause } from './waiting.ts';

const durationSeconds = 30;
/** How long another Lease is believed to last at most, whatever it says. */
const longestDurationSeconds = 120;
const renewEveryMs = 10_000;
const renewWithinMs = 8000;
/** After how long without a renewal a change that is under way is given up: before another may take the Lease. */
const givenUpAfterMs = 25_000;
/** By how much clocks may differ before what they say of a lease is not gone by. */
const skewMs = 5000;
const watchEveryMs = 1000;
/** How often a Lease that is gone when it is to be written is looked at again; how long is tried to give back one that may have been taken in vain. */
const takeAttempts = 3;
const abandonWithinMs = 500;
const holderKey = 'claw-run.dev/holder';
const runbookKey = 'claw-run.dev/runbook';

interface LeaseObject extends ClusterObject {
  readonly spec: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly renewTime?: string;
    readonly acquireTime?: string;
  };
}

/** The lock of a cluster, which every change takes place under. */
export interface ClusterLock extends Lock {
  /** What the Lease says of who holds it. */
  readonly identity: string;
  /** Asks the server whether the Lease is still this process's own, right before a change. @throws ClawError `lock-lost` */
  readonly assertHeld: (signal: AbortSignal) => Promise<void>;
  /** Gives some work up, whose outcome is unknown then, once the Lease is lost or may soon be another's to take. */
  readonly during: <T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal) => Promise<T>;
}

/**
 * Takes the Lease for a run: its holder is the run and a token of this process. One of the same run, whose journal belongs to this process, or any with `force`, is
 * taken over by an update that bears the resourceVersion seen, so that two can never both have it; another one only once it was seen unchanged for as long as it
 * lasts, by the clock of this machine: what clocks of others say is no ground to take a lock. It is renewed until it is released, and deleted then.
 */
export async function lockCluster(
  api: Api,
  holder: LockHolder,
  options: Omit<LockOptions, 'beside'> & { readonly beside: readonly ClusterLock[] },
): Promise<ClusterLock> {
  const { signal, force = false, onWait, beside } = options;
  const identity = `${holder.run}/${randomBytes(6).toString('hex')}`;
  const write: Keeping['write'] = (over, by) =>
    writeLease(api, { ...holder, identity }, { over, signal: by });
  for (let attempt = 1; ; attempt += 1) {
    const found = await readLease(api, signal);
    const shared = beside.find(({ identity: by }) => by === found?.spec.holderIdentity);
    if (shared !== undefined) return shared;
    const free = found === null || force || runOf(found) === holder.run;
    const before = free ? found : await deadLease(api, found, { signal, onWait });
    const beginning = stopwatch();
    try {
      const held = await write(before, signal);
      signal.throwIfAborted();
      return keep(api, { identity, write, held, beginning });
    } catch (error) {
      const refused = error instanceof ClawError && (error.notPerformed || error.code === 'locked');
      if (!refused)
        await Promise.race([deleteHeld(api, identity), delay(abandonWithinMs, undefined, { ref: false })]);
      const vanished = refused && error.code === 'locked' && error.retryable;
      if (!vanished || attempt === takeAttempts) throw error;
    }
  }
}

interface Keeping {
  readonly identity: string;
  readonly write: (over: LeaseObject | null, signal: AbortSignal) => Promise<LeaseObject>;
  readonly held: LeaseObject;
  readonly beginning: Stopwatch;
}

function keep(api: Api, { identity, write, held: first, beginning }: Keeping): ClusterLock {
  let held = first;
  // since the last renewal was asked for: from then on it lasts, whenever the answer came
  let since = beginning;
  let renewing: Promise<void> | undefined;
  const lost = new AbortController();
  const closing = new AbortController();
  const lose = (why: string, cause?: unknown): ClawError => {
    const error = new ClawError('lock-lost', `the lock of the cluster was lost: ${why}`, {
      hint: 'nothing more was changed; look at what the other run does, then resume or roll back',
      notPerformed: true,
      ...(cause === undefined ? {} : { cause }),
    });
    clearInterval(timer);
    if (!lost.signal.aborted) lost.abort(error);
    return error;
  };
  const renewOnce = async (signal: AbortSignal) => {
    const begun = stopwatch();
    try {
      held = await write(held, signal);
    } catch (error) {
      if (!(error instanceof ClawError) || error.code !== 'locked') throw error;
      // somebody else may have written to it and left it ours
      const now = await readLease(api, signal);
      if (now?.spec.holderIdentity !== identity)
        throw lose(now === null ? 'it was deleted' : heldBy(now), error);
      held = await write(now, signal);
    }
    since = begun;
  };
  const renew = () => {
    renewing ??= within(renewWithinMs, closing.signal, renewOnce).finally(() => {
      renewing = undefined;
    });
    return renewing;
  };
  const timer = setInterval(() => {
    renew().catch((error: unknown) => {
      if (closing.signal.aborted || lost.signal.aborted) return;
      // while the server cannot be reached nobody can take it there either; the next change asks for it first
      if (error instanceof ClawError && error.retryable) return;
      lose('it could not be renewed', error);
    });
  }, renewEveryMs);
  timer.unref();
  return {
    identity,
    lost: lost.signal,
    async assertHeld(signal) {
      for (;;) {
        lost.signal.throwIfAborted();
        const asked = stopwatch();
        if (since.ms() >= renewEveryMs) await unlessAborted(renew(), signal);
        else {
          const now = await readLease(api, signal);
          if (now?.spec.holderIdentity !== identity)
            throw lose(now === null ? 'it was deleted' : heldBy(now));
          if (renewing === undefined) held = now;
        }
        // this process may have been stopped meanwhile
        if (asked.ms() < renewEveryMs && since.ms() < durationSeconds * 1000 - renewEveryMs) return;
      }
    },
    async during(work, signal) {
      const over = new AbortController();
      const loses = () => over.abort(withNotPerformed(lost.signal.reason, false));
      const watch = setInterval(() => {
        if (since.ms() >= givenUpAfterMs) over.abort(notRenewed());
      }, watchEveryMs);
      lost.signal.addEventListener('abort', loses, { once: true });
      try {
        return await work(AbortSignal.any([signal, over.signal]));
      } finally {
        clearInterval(watch);
        lost.signal.removeEventListener('abort', loses);
      }
    },
    async release() {
      clearInterval(timer);
      closing.abort(new ClawError('cancelled', 'the lock is given back'));
      await renewing?.catch(() => undefined);
      await deleteHeld(api, identity);
    },
  };
}

/** Some work, for a time. @throws ClawError `unreachable` when that is over */
async function within<T>(
  ms: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(notRenewed()), ms);
  try {
    return await work(AbortSignal.any([outer, over.signal]));
  } finally {
    clearTimeout(timer);
  }
}

function notRenewed(): ClawError {
  return new ClawError('unreachable', 'the lock of the cluster could not be renewed in time', {
    hint: 'the API server, or what stands before it, is in trouble: look at it, then resume',
    retryable: true,
  });
}

interface Stopwatch {
  readonly ms: () => number;
}

/** Time that has passed: also where this machine slept, in which one clock stands still, or the other one was set. */
function stopwatch(): Stopwatch {
  const [monotonic, wall] = [performance.now(), Date.now()];
  return { ms: () => Math.max(performance.now() - monotonic, Date.now() - wall) };
}

async function readLease(api: Api, signal: AbortSignal): Promise<LeaseObject | null> {
  return (await api.get(leaseRef, signal)) as LeaseObject | null;
}

async function writeLease(
  api: Api,
  { identity, runbook, who }: LockHolder & { readonly identity: string },
  { over, signal }: { readonly over: LeaseObject | null; readonly signal: AbortSignal },
): Promise<LeaseObject> {
  const now = microTime(new Date());
  const acquireTime = over?.spec.holderIdentity === identity ? (over.spec.acquireTime ?? now) : now;
  const lease = {
    apiVersion: leaseRef.apiVersion,
    kind: leaseRef.kind,
    metadata: {
      name: leaseRef.name,
      namespace: leaseRef.namespace,
      annotations: { [holderKey]: who, [runbookKey]: runbook },
      ...(over === null ? {} : { resourceVersion: over.metadata.resourceVersion }),
    },
    spec: { holderIdentity: identity, leaseDurationSeconds: durationSeconds, acquireTime, renewTime: now },
  };
  const { name: _, ...collection } = leaseRef;
  const body = JSON.stringify(lease);
  const what = `take the lock, Lease ${leaseRef.namespace}/${leaseRef.name}`;
  const response = await api
    .request(over === null ? 'POST' : 'PUT', over === null ? collection : leaseRef, { body, signal })
    .catch(async (error: unknown) => {
      // whether it was written is found by looking
      const unknown = error instanceof ClawError && error.retryable && !error.notPerformed && !signal.aborted;
      const there = unknown ? await readLease(api, signal) : null;
      if (there?.spec.holderIdentity === identity && there.spec.renewTime === now) return there;
      throw error;
    });
  if ('spec' in response) return response;
  if (response.status < 300) return objectIn(what, response, leaseRef) as LeaseObject;
  const status = statusOf(response);
  if (status.code !== 409 && status.code !== 404) throw apiError(what, status);
  const other = await readLease(api, signal);
  throw other === null
    ? new ClawError('locked', 'another run took the lock at the same moment', { retryable: true })
    : locked(other);
}

/**
 * The Lease of a holder that is dead. One that was renewed a moment ago counts as living at once; of any other it is watched whether it changes.
 * @throws ClawError `locked`
 */
async function deadLease(
  api: Api,
  found: LeaseObject,
  { signal, onWait }: Pick<LockOptions, 'signal' | 'onWait'>,
): Promise<LeaseObject | null> {
  const said = Number(found.spec.leaseDurationSeconds ?? durationSeconds) || durationSeconds;
  const lastsMs = Math.min(Math.max(said, 1), longestDurationSeconds) * 1000;
  const age = Date.now() - Date.parse(found.spec.renewTime ?? '1970-01-01T00:00:00Z');
  if (age > -skewMs && age < lastsMs) throw locked(found);
  onWait?.(
    `${heldBy(found)}, and may be dead: it is watched for ${lastsMs / 1000} s whether its lock is renewed`,
  );
  for (let waited = stopwatch(); waited.ms() < lastsMs; ) {
    await pause(watchEveryMs, signal);
    const now = await readLease(api, signal);
    if (now === null) return null;
    if (now.metadata.resourceVersion !== found.metadata.resourceVersion) throw locked(now);
  }
  return found;
}

/** Removes the Lease when it is still ours; a release must not fail the run. */
async function deleteHeld(api: Api, identity: string): Promise<void> {
  const signal = AbortSignal.timeout(5000);
  try {
    for (let attempt = 1; attempt <= takeAttempts; attempt += 1) {
      const found = await readLease(api, signal);
      if (found?.spec.holderIdentity !== identity) return;
      const preconditions = { uid: found.metadata.uid, resourceVersion: found.metadata.resourceVersion };
      const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions });
      // a renewal that was given up may arrive in between
      if ((await api.request('DELETE', leaseRef, { body, signal })).status !== 409) return;
    }
  } catch {
    // it is seen to be dead
  }
}

function runOf({ spec }: LeaseObject): string {
  return (spec.holderIdentity ?? 'unknown').replace(/\/[^/]*$/, '');
}

function heldBy(lease: LeaseObject): string {
  const { [holderKey]: who = 'someone', [runbookKey]: runbook = 'a runbook' } =
    lease.metadata.annotations ?? {};
  const since = lease.spec.acquireTime ?? 'an unknown time';
  return `run ${runOf(lease)} (${runbook}, by ${who}, since ${since}) holds the lock of the cluster`;
}

function locked(lease: LeaseObject): ClawError {
  const run = runOf(lease);
  return new ClawError('locked', heldBy(lease), {
    hint: `wait for it to end; if it died, its lock is taken over once it was not renewed for ${durationSeconds} s, or \`claw-run resume ${run}\` goes on with it, or break the lock with --break-lock`,
  });
}

function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}
