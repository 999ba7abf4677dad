import type { JsonObject, PlannedStep } from '@claw-run/core';
import { unattended } from './decisions.ts';
import type { RunEvent } from './event.ts';
import { endFleet, fleetStatus, notBegun } from './fleet-end.ts';
import type { FleetEvent, FleetOutcome, HostOutcome, NewFleetEvent } from './fleet-event.ts';
import { agreedTo, likeness } from './fleet-plan.ts';
import type { FleetOpened } from './fleet-record.ts';
import { type Fleet, type FleetHost, rollOut, runOn, type Standing, type TurnOptions } from './fleet-turn.ts';
import { newIdentity } from './identity.ts';
import { inParallel } from './in-parallel.ts';
import { tracedBy } from './run.ts';
import type { RunOptions } from './run-options.ts';
import { shareConnection } from './shared-connection.ts';
import { isGood, type RunStatus } from './status.ts';

/** What a fleet is given: what a run is given, but for what is each host's own. */
export interface FleetOptions extends TurnOptions {
  readonly hosts: readonly FleetHost[];
  /** The other targets of the runbook, shared by all runs. They are not closed. */
  readonly shared: RunOptions['connections'];
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
  const { run: id, startedAt } = await newIdentity(
    now(),
    options.mode === 'plan' ? undefined : options.journals,
  );
  const fleet = `f${id.slice(1)}`;
  const emit = options.emit ?? (() => {});
  const tell = (event: NewFleetEvent) =>
    emit({ at: now().toISOString(), run: fleet, ...event } as FleetEvent);
  const shared = Object.fromEntries(
    Object.entries(options.shared).map(([name, connection]) => [name, shareConnection(connection)]),
  );
  const standing = new Map<string, Standing>();
  const runs = runsOf(options.hosts, id);
  const fresh: Fleet = { options, fleet, startedAt, emit, tell, shared, runs, standing, planned: true };

  tell({
    type: 'fleet.started',
    runbook: options.runbook.name,
    title: options.runbook.title,
    dryRun: options.mode === 'plan',
    ...tracedBy(options),
    hosts: options.hosts.map(({ name }) => name),
  });
  await inParallel(options.hosts, options.forks, (host) => look(fresh, host));
  const waiting = options.hosts.filter(({ name }) => standing.get(name)?.waits !== undefined);
  if (options.signal?.aborted === true) return conclude(fresh);
  if (waiting.length === 0) {
    const outcomes = [...standing.values()].map(({ outcome }) => outcome);
    const isApplied = (options.mode ?? 'apply') === 'apply';
    if (isApplied && outcomes.some(({ status }) => !isGood(status)))
      await keep(fresh, waiting, async () => {});
    return conclude(fresh);
  }
  const answer = await options.confirm(
    waiting.map(({ name }) => ({ host: name, steps: standing.get(name)?.outcome.changes ?? 0 })),
  );
  if (answer === 'no') return conclude(fresh, 'cancelled');
  if (answer === 'nobody') return conclude(fresh, 'waiting-for-approval');
  tell({ type: 'fleet.confirmed', hosts: waiting.map(({ name }) => name) });
  await keep(fresh, waiting, () => rollOut(fresh, waiting));
  return conclude(fresh);
}

/** Keeps a journal of a fleet while it acts: what it waits for, and how hosts ended. */
async function keep(fleet: Fleet, waiting: readonly FleetHost[], act: () => Promise<void>): Promise<void> {
  const { options, standing, fleet: run } = fleet;
  const { journals, redactor, now = () => new Date() } = options;
  const journal = await journals.fleets.create(run, redactor);
  fleet.journal = journal;
  try {
    await journal.append(openedOf(fleet, waiting));
    // whoever wants what is left later is to find those too that never came to act
    for (const { outcome, waits } of standing.values())
      if (waits === undefined)
        await journal.append({ type: 'host.ended', at: now().toISOString(), run, ...outcome });
    await act();
  } finally {
    await journal.close();
  }
}

/** What going on with it takes, if this process should not come to its end. */
function openedOf(
  { options, fleet, startedAt, standing }: Fleet,
  waiting: readonly FleetHost[],
): FleetOpened {
  const { runbook, select = () => undefined, now = () => new Date() } = options;
  const unselected = runbook.steps.flatMap(({ id }) => {
    const why = select(id);
    return why === undefined ? [] : [[id, why] as const];
  });
  return {
    type: 'fleet.opened',
    at: now().toISOString(),
    run: fleet,
    version: 1,
    runbook: runbook.name,
    startedAt,
    who: options.who,
    sources: runbook.sources,
    ...(runbook.libraries === undefined ? {} : { libraries: runbook.libraries }),
    params: (options.params ?? {}) as JsonObject,
    facts: options.facts ?? {},
    unselected: Object.fromEntries(unselected),
    target: options.target.name,
    bindings: options.bindings ?? {},
    members: waiting.flatMap(({ name }) => {
      const { outcome, waits } = standing.get(name) ?? {};
      if (outcome === undefined || waits === undefined) return [];
      const agreed = Object.fromEntries(waits.agreed);
      return [{ host: name, hostRun: outcome.hostRun, binding: waits.binding, agreed }];
    }),
  };
}

/** Diagnoses and plans a host. One with nothing to change is done with that, its proof included. */
async function look(fleet: Fleet, host: FleetHost): Promise<void> {
  if (fleet.options.signal?.aborted === true) return left(fleet, host);
  let plan: readonly PlannedStep[] | undefined;
  let binding: JsonObject = {};
  const outcome = await runOn(fleet, host, {
    decisions: {
      ...unattended,
      confirm: (steps) => {
        plan = steps;
        return Promise.resolve('no');
      },
    },
    bound: (found) => {
      binding = found;
    },
    emit: (event) => {
      if (event.type !== 'run.ended' || plan === undefined) fleet.emit(event);
    },
  });
  const changes = outcome.steps.filter(({ plan: each }) => each.plan === 'change').length;
  const status: RunStatus = plan === undefined ? outcome.status : 'ok';
  const problems = plan === undefined ? outcome.problems : [];
  const { counts } = outcome;
  const told: HostOutcome = { host: host.name, hostRun: outcome.run, status, changes, counts, problems };
  fleet.standing.set(host.name, {
    outcome: plan === undefined ? told : { ...told, status: 'not-begun' },
    waits: plan === undefined ? undefined : { agreed: agreedTo(plan), binding },
  });
  const like = likeness({ ...outcome, status, problems }, host.name);
  fleet.tell({ type: 'host.planned', host: host.name, like, changes, status, problems });
  if (plan === undefined) fleet.tell({ type: 'host.ended', ...told });
}

function left(fleet: Fleet, { name }: FleetHost): void {
  const hostRun = fleet.runs.get(name) ?? '';
  fleet.standing.set(name, {
    outcome: notBegun(name, hostRun),
  });
}

function conclude(fleet: Fleet, why?: RunStatus): FleetOutcome {
  const { options, startedAt, standing, tell, runs } = fleet;
  const hosts = [...runs.keys()].flatMap((name) => standing.get(name)?.outcome ?? []);
  return endFleet(
    { run: fleet.fleet, startedAt, hosts, status: why ?? fleetStatus(hosts, options.signal) },
    tell,
  );
}

/** A run for each host, named after it. */
function runsOf(hosts: readonly FleetHost[], id: string): Fleet['runs'] {
  const slugs = hosts.map(({ name }) => name.replaceAll(/[^A-Za-z0-9.]+/g, '-').replaceAll(/^-|-$/g, ''));
  return new Map(
    hosts.map(({ name }, index) => {
      const slug = slugs[index] ?? '';
      const unique =
        slugs.indexOf(slug) === slugs.lastIndexOf(slug) && slug !== '' ? slug : `${slug}-${index + 1}`;
      return [name, `${id}-${unique}`];
    }),
  );
}
