import { addCounts, isInPlace, noCounts } from './counts.ts';
import type { FleetOutcome, HostOutcome, NewFleetEvent } from './fleet-event.ts';
import { reasonOf, stoppedBy } from './interrupt.ts';
import { isUntouched, type RunStatus, runStatuses, worstOf } from './status.ts';

/** The outcome of a host that has not had its turn. */
export function notBegun(host: string, hostRun: string, changes = 0): HostOutcome {
  return { host, hostRun, status: 'not-begun', changes, counts: noCounts, problems: [] };
}

/** Tells the end of a fleet, which is that of the worst of its hosts. */
export function endFleet(
  fleet: Pick<FleetOutcome, 'run' | 'startedAt' | 'hosts' | 'status'>,
  tell: (event: NewFleetEvent) => void,
): FleetOutcome {
  const { status, hosts } = fleet;
  const { exit } = runStatuses[status];
  const problems =
    status === 'waiting-for-approval'
      ? [
          {
            code: 'cancelled' as const,
            message: 'approval needed, and no terminal to ask on',
            hint: 'approve with --yes',
          },
        ]
      : [];
  const counts = addCounts(hosts.map((host) => host.counts));
  tell({ type: 'fleet.ended', status, exit, problems, counts, hosts });
  return { ...fleet, exit, problems, counts };
}

/**
 * The worst that became of a host, or what ended the fleet before all had their turn. Where that would say that nothing was touched, or that all was rolled back, and
 * it is not so on another host, the fleet failed.
 */
export function fleetStatus(hosts: readonly HostOutcome[], signal?: AbortSignal): RunStatus {
  const touched = hosts.some(({ counts }) => isInPlace(counts) || counts.rolledBack > 0);
  const alone = worstOf(hosts.flatMap(({ status }) => (status === 'not-begun' ? [] : [status])));
  const isInPart =
    (touched && isUntouched(alone)) ||
    (alone === 'rolled-back' && hosts.some(({ counts }) => isInPlace(counts)));
  const worst = isInPart ? 'failed' : alone;
  const cut = signal?.aborted === true && hosts.some(({ status }) => status === 'not-begun');
  if (!cut) return worst;
  const reason = reasonOf(signal);
  return worstOf([worst, reason.code === 'timeout' ? 'timed-out' : stoppedBy(reason)]);
}
