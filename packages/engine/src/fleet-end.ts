import { problemOf } from '@claw-run/core';
import type { FleetOutcome, HostOutcome, NewFleetEvent } from './fleet-event.ts';
import { type RunStatus, runStatuses, worstOf } from './status.ts';

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
            message: 'there is something to change, and no terminal to ask on',
            hint: 'agree with --yes',
          },
        ]
      : [];
  tell({ type: 'fleet.ended', status, exit, problems, hosts });
  return { ...fleet, exit, problems };
}

/** The worst that became of a host, or what ended the fleet before all had their turn. */
export function fleetStatus(hosts: readonly HostOutcome[], signal?: AbortSignal): RunStatus {
  const worst = worstOf(hosts.flatMap(({ status }) => (status === 'not-begun' ? [] : [status])));
  const cut = signal?.aborted === true && hosts.some(({ status }) => status === 'not-begun');
  if (!cut) return worst;
  const { code, message } = problemOf(signal.reason);
  if (code === 'timeout') return worstOf([worst, 'timed-out']);
  return worstOf([worst, message.includes('SIGTERM') ? 'terminated' : 'interrupted']);
}
