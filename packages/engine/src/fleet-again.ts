import { problemOf } from '@claw-run/core';
import { noCounts } from './counts.ts';
import { endFleet, fleetStatus, notBegun } from './fleet-end.ts';
import type { FleetEvent, FleetOutcome, HostOutcome, NewFleetEvent } from './fleet-event.ts';
import { inParallel } from './in-parallel.ts';
import type { RunOutcome } from './run-options.ts';
import { isGood, runStatuses } from './status.ts';

/** The runs of a fleet, to be gone on with or undone. */
export interface FleetAgain {
  readonly fleet: string;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly hosts: readonly {
    readonly host: string;
    readonly hostRun: string;
    readonly work: () => Promise<RunOutcome>;
  }[];
  readonly forks: number;
  /** Those that came to their end before: they are told with the others, and are a part of how the fleet ends. */
  readonly done?: readonly HostOutcome[];
  /** Goes on with the hosts that never acted, once the others are done; `failed` tells how many of them were not well. */
  readonly left?: (failed: number) => Promise<readonly HostOutcome[]>;
  readonly emit?: (event: FleetEvent) => void;
  readonly signal?: AbortSignal;
  readonly now?: () => Date;
}

/** Goes on with the runs of a fleet, or undoes them, as `work` does; one that fails does not hold up the others. */
export async function againOnFleet(options: FleetAgain): Promise<FleetOutcome> {
  const { fleet, startedAt, now = () => new Date() } = options;
  const tell = (event: NewFleetEvent) =>
    options.emit?.({ at: now().toISOString(), run: fleet, ...event } as FleetEvent);
  const outcomes = new Map<string, HostOutcome>();
  await inParallel(options.hosts, options.forks, async ({ host, hostRun, work }) => {
    if (options.signal?.aborted === true) {
      outcomes.set(hostRun, notBegun(host, hostRun));
      return;
    }
    const { status, problems, steps, counts } = await work().catch(refusedBy);
    const changes = steps.filter(({ plan }) => plan.plan === 'change').length;
    const outcome = { host, hostRun, status, changes, counts, problems };
    outcomes.set(hostRun, outcome);
    tell({ type: 'host.ended', ...outcome });
  });
  const again = options.hosts.flatMap(({ hostRun }) => outcomes.get(hostRun) ?? []);
  const failed = again.filter(({ status }) => !isGood(status)).length;
  const hosts = [...(options.done ?? []), ...again, ...((await options.left?.(failed)) ?? [])];
  return endFleet({ run: fleet, startedAt, hosts, status: fleetStatus(hosts, options.signal) }, tell);
}

function refusedBy(error: unknown): Pick<RunOutcome, 'status' | 'exit' | 'problems' | 'steps' | 'counts'> {
  return {
    status: 'refused',
    exit: runStatuses.refused.exit,
    problems: [problemOf(error)],
    steps: [],
    counts: noCounts,
  };
}
