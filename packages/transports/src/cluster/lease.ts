import { ClawError, type ClusterObject, type Lock, type LockHolder } from '@claw-run/core';
import type { Api } from './api.ts';
import { leaseRef } from './lease-ref.ts';
import { apiError, statusOf } from './status.ts';

const durationSeconds = 30;
const renewEveryMs = 10_000;
const holderKey = 'claw-run.dev/holder';
const runbookKey = 'claw-run.dev/runbook';

interface LeaseObject extends ClusterObject {
  readonly spec: {
    readonly holderIdentity?: string;
    readonly renewTime?: string;
    readonly acquireTime?: string;
  };
}

/**
 * Takes the Lease for a run. An expired one, one of the same run, or any with `force`, is taken over by an update that bears the
 * resourceVersion seen, so that two can never both have it. It is renewed until it is released, and deleted then.
 */
export async function lockCluster(
  api: Api,
  holder: LockHolder,
  options: { signal: AbortSignal; force?: boolean },
): Promise<Lock> {
  const { signal, force = false } = options;
  const found = (await api.get(leaseRef, signal)) as LeaseObject | null;
  if (found !== null && !force && found.spec.holderIdentity !== holder.run && !expired(found))
    throw locked(found);
  let held = await write(api, holder, found, signal);
  const lost = new AbortController();
  const renewing = new AbortController();
  const timer = setInterval(() => {
    write(api, holder, held, renewing.signal).then(
      (renewed) => {
        held = renewed;
      },
      (error: unknown) => {
        if (error instanceof ClawError && error.retryable && !expired(held)) return;
        if (!renewing.signal.aborted)
          lost.abort(new ClawError('lock-lost', 'the lock of the cluster was lost', { cause: error }));
      },
    );
  }, renewEveryMs);
  timer.unref();
  return {
    lost: lost.signal,
    async release() {
      clearInterval(timer);
      renewing.abort();
      await deleteHeld(api, holder);
    },
  };
}

async function write(
  api: Api,
  holder: LockHolder,
  found: LeaseObject | null,
  signal: AbortSignal,
): Promise<LeaseObject> {
  const now = microTime(new Date());
  const acquireTime = found?.spec.holderIdentity === holder.run ? (found.spec.acquireTime ?? now) : now;
  const lease = {
    apiVersion: leaseRef.apiVersion,
    kind: leaseRef.kind,
    metadata: {
      name: leaseRef.name,
      namespace: leaseRef.namespace,
      annotations: { [holderKey]: holder.who, [runbookKey]: holder.runbook },
      ...(found === null ? {} : { resourceVersion: found.metadata.resourceVersion }),
    },
    spec: { holderIdentity: holder.run, leaseDurationSeconds: durationSeconds, acquireTime, renewTime: now },
  };
  const { name: _, ...collection } = leaseRef;
  const response = await api.request(
    found === null ? 'POST' : 'PUT',
    found === null ? collection : leaseRef,
    {
      body: JSON.stringify(lease),
      signal,
    },
  );
  if (response.status < 300) return JSON.parse(response.text) as LeaseObject;
  const status = statusOf(response);
  if (status.code !== 409)
    throw apiError(`take the lock, Lease ${leaseRef.namespace}/${leaseRef.name}`, status);
  const other = (await api.get(leaseRef, signal)) as LeaseObject | null;
  throw other === null
    ? new ClawError('locked', 'another run took the lock at the same moment', { retryable: true })
    : locked(other);
}

/** Removes the Lease when it is still ours; a release must not fail the run. */
async function deleteHeld(api: Api, holder: LockHolder): Promise<void> {
  const signal = AbortSignal.timeout(5000);
  try {
    const found = (await api.get(leaseRef, signal)) as LeaseObject | null;
    if (found === null || found.spec.holderIdentity !== holder.run) return;
    const preconditions = { uid: found.metadata.uid, resourceVersion: found.metadata.resourceVersion };
    await api.request('DELETE', leaseRef, {
      body: JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions }),
      signal,
    });
  } catch {
    // it expires by itself
  }
}

function expired(lease: LeaseObject): boolean {
  return Date.now() - Date.parse(lease.spec.renewTime ?? '1970-01-01T00:00:00Z') > durationSeconds * 1000;
}

function locked(lease: LeaseObject): ClawError {
  const { holderIdentity = 'unknown', acquireTime, renewTime } = lease.spec;
  const { [holderKey]: who = 'someone', [runbookKey]: runbook = 'a runbook' } =
    lease.metadata.annotations ?? {};
  const left = Math.max(
    0,
    Math.ceil((Date.parse(renewTime ?? '') + durationSeconds * 1000 - Date.now()) / 1000),
  );
  return new ClawError(
    'locked',
    `run ${holderIdentity} (${runbook}, by ${who}, since ${acquireTime ?? 'an unknown time'}) holds the lock of the cluster`,
    {
      hint: `wait for it to end; if it died, the lock falls in ${left} s, or \`claw-run resume ${holderIdentity}\` goes on with it, or break the lock with --break-lock`,
    },
  );
}

function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}
