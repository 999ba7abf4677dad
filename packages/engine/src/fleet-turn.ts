import { type Connection, type JsonObject, type Problem, problemOf, type Target } from '@claw-run/core';
import { noCounts } from './counts.ts';
import { unattended } from './decisions.ts';
import type { RunEvent } from './event.ts';
import type { FleetEvent, HostOutcome, NewFleetEvent } from './fleet-event.ts';
import { type Agreed, beyondAgreed } from './fleet-plan.ts';
import type { FleetRecord } from './fleet-record.ts';
import { inParallel } from './in-parallel.ts';
import type { Journal } from './journal-store.ts';
import { batchesOf } from './roll-out.ts';
import { run } from './run.ts';
import type { RunOptions, RunOutcome } from './run-options.ts';
import { isGood, runStatuses } from './status.ts';
import { pause } from './wait.ts';

/** One host of a fleet. */
export interface FleetHost {
  /** Unique in the fleet. */
  readonly name: string;
  /** Connects it: called when its turn comes, and closed when its part is done. */
  readonly connect: () => Promise<{ readonly connection: Connection; readonly binding: JsonObject }>;
}

/** What each run of a fleet is given: what any run is, but for what is each host's own. */
export interface TurnOptions
  extends Omit<RunOptions, 'connections' | 'decisions' | 'identity' | 'agreed' | 'emit' | 'part'> {
  /** The target of the runbook that stands for the hosts. */
  readonly target: Target;
  /** How many hosts are worked on at a time. */
  readonly forks: number;
}

/** A fleet on its way. */
export interface Fleet {
  readonly options: TurnOptions;
  readonly fleet: string;
  readonly startedAt: string;
  readonly emit: (event: RunEvent | FleetEvent) => void;
  readonly tell: (event: NewFleetEvent) => void;
  /** The other targets of the runbook, handed on from run to run. */
  readonly shared: RunOptions['connections'];
  /** The ids of runs, by host. */
  readonly runs: ReadonlyMap<string, string>;
  readonly standing: Map<string, Standing>;
  /** Whether the plans of its hosts have been told by now. */
  readonly planned: boolean;
  /** Where it is kept how hosts ended. */
  journal?: Journal<FleetRecord>;
}

/** What is known of a host: how it ended, or what is agreed to there. */
export interface Standing {
  readonly outcome: HostOutcome;
  readonly waits?: { readonly agreed: Agreed; readonly binding: JsonObject } | undefined;
}

/**
 * Acts on the hosts that wait, batch by batch, and stops when too many have failed. Batches are those of all `members`, so that who goes on with a
 * fleet goes on with its batches.
 */
export async function rollOut(fleet: Fleet, members: readonly FleetHost[], failedBefore = 0): Promise<void> {
  const { options, tell, standing } = fleet;
  const { rollOut: how } = options.target;
  const signal = options.signal ?? new AbortController().signal;
  const batches = batchesOf(members, how);
  let failed = failedBefore;
  let begun = false;
  const stopped = () => signal.aborted || failed >= (how?.stopWhenFailed ?? 1);
  for (const [index, batch] of batches.entries()) {
    const waiting = batch.filter(({ name }) => standing.get(name)?.waits !== undefined);
    if (waiting.length === 0) continue;
    if (begun && !stopped()) await pause((how?.pauseSeconds ?? 0) * 1000, signal).catch(() => undefined);
    if (stopped()) return;
    begun = true;
    tell({
      type: 'batch.started',
      batch: index + 1,
      of: batches.length,
      hosts: waiting.map(({ name }) => name),
    });
    await inParallel(waiting, options.forks, async (host) => {
      if (stopped()) return;
      const outcome = await act(fleet, host);
      if (!isGood(outcome.status)) failed += 1;
    });
  }
}

/** Does on a host what was agreed to, unless its world has moved. */
async function act(fleet: Fleet, host: FleetHost): Promise<HostOutcome> {
  const agreed = fleet.standing.get(host.name)?.waits?.agreed ?? new Map();
  let acting = false;
  const {
    run: hostRun,
    status,
    problems,
    steps,
    counts,
  } = await runOn(fleet, host, {
    decisions: unattended,
    agreed: (now) => beyondAgreed(agreed, now),
    emit: (event) => {
      acting ||= !fleet.planned || event.type === 'run.confirmed' || event.type === 'check';
      if (acting || event.type === 'run.ended' || event.type === 'grants.missing') fleet.emit(event);
    },
  });
  const changes = steps.filter(({ plan }) => plan.plan === 'change').length;
  const outcome: HostOutcome = { host: host.name, hostRun, status, changes, counts, problems };
  fleet.standing.set(host.name, { outcome });
  const now = fleet.options.now ?? (() => new Date());
  await fleet.journal?.append({
    type: 'host.ended',
    at: now().toISOString(),
    run: fleet.fleet,
    ...outcome,
  });
  fleet.tell({ type: 'host.ended', ...outcome });
  return outcome;
}

type Own = Pick<RunOptions, 'decisions' | 'agreed'> & {
  readonly emit: (event: RunEvent) => void;
  readonly bound?: (binding: JsonObject) => void;
};

/** A run on one host of a fleet. */
export async function runOn(fleet: Fleet, host: FleetHost, own: Own): Promise<RunOutcome> {
  const { options, shared, runs, startedAt } = fleet;
  const identity = { run: runs.get(host.name) ?? fleet.fleet, startedAt };
  const { name } = options.target;
  const { bound, ...rest } = own;
  try {
    const { connection, binding } = await host.connect();
    bound?.(binding);
    try {
      return await run({
        ...options,
        ...rest,
        connections: { ...shared, [name]: connection },
        bindings: { ...options.bindings, [name]: binding },
        part: { fleet: fleet.fleet, host: host.name },
        identity,
      });
    } finally {
      await connection.close();
    }
  } catch (error) {
    return unreached(identity, problemOf(error));
  }
}

/** A host for which not even a connection can be made. */
function unreached(identity: { run: string; startedAt: string }, problem: Problem): RunOutcome {
  const { exit } = runStatuses.refused;
  return {
    ...identity,
    status: 'refused',
    exit,
    problems: [problem],
    counts: noCounts,
    causes: [],
    steps: [],
    missingGrants: [],
    missingSudo: [],
  };
}
