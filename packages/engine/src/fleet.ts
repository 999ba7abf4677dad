import {
  type Connection,
  type JsonObject,
  type PlannedStep,
  type Problem,
  problemOf,
  type Target,
} from '@claw-run/core';
import { newIdentity } from './context.ts';
import { unattended } from './decisions.ts';
import type { RunEvent } from './event.ts';
import type { FleetEvent, FleetOutcome, HostOutcome, NewFleetEvent } from './fleet-event.ts';
import { type Agreed, agreedTo, beyondAgreed, likeness } from './fleet-plan.ts';
import { inParallel } from './in-parallel.ts';
import { batchesOf } from './roll-out.ts';
import { run, tracedBy } from './run.ts';
import type { RunOptions, RunOutcome } from './run-options.ts';
import { shareConnection } from './shared-connection.ts';
import { type RunStatus, runStatuses, worstOf } from './status.ts';
import { pause } from './wait.ts';

/** One host of a fleet. */
export interface FleetHost {
  /** Unique in the fleet. */
  readonly name: string;
  /** Connects it: called when its turn comes, and closed when its part is done. */
  readonly connect: () => Promise<{ readonly connection: Connection; readonly binding: JsonObject }>;
}

/** What a fleet is given: what a run is given, but for what is each host's own. */
export interface FleetOptions
  extends Omit<RunOptions, 'connections' | 'decisions' | 'identity' | 'agreed' | 'emit' | 'part'> {
  /** The target of the runbook that stands for the hosts. */
  readonly target: Target;
  readonly hosts: readonly FleetHost[];
  /** The other targets of the runbook, shared by all runs. They are not closed. */
  readonly shared: RunOptions['connections'];
  /** How many hosts are worked on at a time. */
  readonly forks: number;
  /** Asked once, after all hosts have been looked at, with those that have something to change. */
  readonly confirm: (
    hosts: readonly { readonly host: string; readonly steps: number }[],
  ) => Promise<'yes' | 'no' | 'nobody'>;
  readonly emit?: (event: RunEvent | FleetEvent) => void;
}

/**
 * Runs a runbook on many hosts, each in a run of its own. All are diagnosed and planned first; what they call for is agreed to once, and then
 * done batch by batch, until as many have failed as the roll-out allows (one, unless it says otherwise). What is kept of a host that waits for
 * its turn is the hash of its plan.
 */
export async function runFleet(options: FleetOptions): Promise<FleetOutcome> {
  const now = options.now ?? (() => new Date());
  const { run: id, startedAt } = newIdentity(now());
  const fleet = `f${id.slice(1)}`;
  const emit = options.emit ?? (() => {});
  const tell = (event: NewFleetEvent) =>
    emit({ at: now().toISOString(), run: fleet, ...event } as FleetEvent);
  const shared = Object.fromEntries(
    Object.entries(options.shared).map(([name, connection]) => [name, shareConnection(connection)]),
  );
  const identities = identitiesOf(options.hosts, { id, startedAt });
  const standing = new Map<string, Standing>();
  const fresh: Fleet = { options, fleet, startedAt, emit, tell, shared, identities, standing };

  tell({
    type: 'fleet.started',
    runbook: options.runbook.name,
    title: options.runbook.title,
    dryRun: options.mode === 'plan',
    ...tracedBy(options),
    hosts: options.hosts.map(({ name }) => name),
  });
  await inParallel(options.hosts, options.forks, (host) => look(fresh, host));
  const waiting = options.hosts.filter(({ name }) => standing.get(name)?.agreed !== undefined);
  if (waiting.length === 0) return conclude(fresh);
  if (options.signal?.aborted === true) return conclude(fresh);
  const answer = await options.confirm(
    waiting.map(({ name }) => ({ host: name, steps: standing.get(name)?.outcome.changes ?? 0 })),
  );
  if (answer === 'no') return conclude(fresh, 'cancelled');
  if (answer === 'nobody') return conclude(fresh, 'waiting-for-approval');
  tell({ type: 'fleet.confirmed', hosts: waiting.map(({ name }) => name) });
  await rollOut(fresh, waiting);
  return conclude(fresh);
}

/** What is known of a host: how it ended, or what is agreed to there. */
interface Standing {
  readonly outcome: HostOutcome;
  readonly agreed?: Agreed | undefined;
}

interface Fleet {
  readonly options: FleetOptions;
  readonly fleet: string;
  readonly startedAt: string;
  readonly emit: (event: RunEvent | FleetEvent) => void;
  readonly tell: (event: NewFleetEvent) => void;
  readonly shared: RunOptions['connections'];
  readonly identities: ReadonlyMap<string, { readonly run: string; readonly startedAt: string }>;
  readonly standing: Map<string, Standing>;
}

/** Diagnoses and plans a host. One with nothing to change is done with that, its proof included. */
async function look(fleet: Fleet, host: FleetHost): Promise<void> {
  if (fleet.options.signal?.aborted === true) return left(fleet, host);
  let plan: readonly PlannedStep[] | undefined;
  const outcome = await runOn(fleet, host, {
    decisions: {
      ...unattended,
      confirm: (steps) => {
        plan = steps;
        return Promise.resolve('no');
      },
    },
    emit: (event) => {
      if (event.type !== 'run.ended' || plan === undefined) fleet.emit(event);
    },
  });
  const changes = outcome.steps.filter(({ plan: each }) => each.plan === 'change').length;
  const status: RunStatus = plan === undefined ? outcome.status : 'ok';
  const problems = plan === undefined ? outcome.problems : [];
  const told: HostOutcome = { host: host.name, hostRun: outcome.run, status, changes, problems };
  fleet.standing.set(host.name, {
    outcome: plan === undefined ? told : { ...told, status: 'not-begun' },
    agreed: plan === undefined ? undefined : agreedTo(plan),
  });
  const like = likeness({ ...outcome, status, problems }, host.name);
  fleet.tell({ type: 'host.planned', host: host.name, like, changes, status, problems });
  if (plan === undefined) fleet.tell({ type: 'host.ended', ...told });
}

/** Acts on the hosts, batch by batch, and stops when too many of them have failed. */
async function rollOut(fleet: Fleet, waiting: readonly FleetHost[]): Promise<void> {
  const { options, tell, standing } = fleet;
  const { rollOut: how } = options.target;
  const signal = options.signal ?? new AbortController().signal;
  const batches = batchesOf(waiting, how);
  let failed = 0;
  const stopped = () => signal.aborted || failed >= (how?.stopWhenFailed ?? 1);
  for (const [index, batch] of batches.entries()) {
    if (index > 0 && !stopped()) await pause((how?.pauseSeconds ?? 0) * 1000, signal).catch(() => undefined);
    if (stopped()) return;
    const hosts = batch.map(({ name }) => name);
    tell({ type: 'batch.started', batch: index + 1, of: batches.length, hosts });
    await inParallel(batch, options.forks, async (host) => {
      if (stopped()) return;
      const outcome = await act(fleet, host, standing.get(host.name)?.agreed ?? new Map());
      if (outcome.status !== 'ok') failed += 1;
    });
  }
}

/** Does on a host what was agreed to, unless its world has moved. Its diagnosis and plan have been told before. */
async function act(fleet: Fleet, host: FleetHost, agreed: Agreed): Promise<HostOutcome> {
  let acting = false;
  const {
    run: hostRun,
    status,
    problems,
    steps,
  } = await runOn(fleet, host, {
    decisions: unattended,
    agreed: (now) => beyondAgreed(agreed, now),
    emit: (event) => {
      acting ||= event.type === 'run.confirmed' || event.type === 'check';
      if (acting || event.type === 'run.ended' || event.type === 'grants.missing') fleet.emit(event);
    },
  });
  const changes = steps.filter(({ plan }) => plan.plan === 'change').length;
  const outcome: HostOutcome = { host: host.name, hostRun, status, changes, problems };
  fleet.standing.set(host.name, { outcome });
  fleet.tell({ type: 'host.ended', ...outcome });
  return outcome;
}

type Own = Pick<RunOptions, 'decisions' | 'agreed'> & { readonly emit: (event: RunEvent) => void };

async function runOn(fleet: Fleet, host: FleetHost, own: Own): Promise<RunOutcome> {
  const { options, shared, identities } = fleet;
  const identity = identities.get(host.name) ?? { run: fleet.fleet, startedAt: fleet.startedAt };
  const { name } = options.target;
  try {
    const { connection, binding } = await host.connect();
    try {
      return await run({
        ...options,
        ...own,
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
    causes: [],
    steps: [],
    missingGrants: [],
    missingSudo: [],
  };
}

function left(fleet: Fleet, { name }: FleetHost): void {
  const hostRun = fleet.identities.get(name)?.run ?? '';
  fleet.standing.set(name, {
    outcome: { host: name, hostRun, status: 'not-begun', changes: 0, problems: [] },
  });
}

function conclude(fleet: Fleet, why?: RunStatus): FleetOutcome {
  const { options, startedAt, standing, tell } = fleet;
  const hosts = options.hosts.flatMap(({ name }) => standing.get(name)?.outcome ?? []);
  return endFleet(
    { run: fleet.fleet, startedAt, hosts, status: why ?? fleetStatus(hosts, options.signal) },
    tell,
  );
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

/** A run for each host, named after it. */
function identitiesOf(
  hosts: readonly FleetHost[],
  { id, startedAt }: { readonly id: string; readonly startedAt: string },
): Fleet['identities'] {
  const slugs = hosts.map(({ name }) => name.replaceAll(/[^A-Za-z0-9.]+/g, '-').replaceAll(/^-|-$/g, ''));
  return new Map(
    hosts.map(({ name }, index) => {
      const slug = slugs[index] ?? '';
      const unique =
        slugs.indexOf(slug) === slugs.lastIndexOf(slug) && slug !== '' ? slug : `${slug}-${index + 1}`;
      return [name, { run: `${id}-${unique}`, startedAt }];
    }),
  );
}
