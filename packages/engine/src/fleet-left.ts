import type { Connection, JsonObject } from '@claw-run/core';
import type { RunEvent } from './event.ts';
import { notBegun } from './fleet-end.ts';
import type { FleetEvent, HostOutcome, NewFleetEvent } from './fleet-event.ts';
import type { FleetMember, FleetOpened, FleetRecord } from './fleet-record.ts';
import { type Fleet, rollOut, type Standing, type TurnOptions } from './fleet-turn.ts';
import type { Journal } from './journal-store.ts';
import type { RunOptions } from './run-options.ts';

/** What is needed to go on with the hosts of a fleet that never acted. */
export interface FleetLeft
  extends Omit<TurnOptions, 'params' | 'facts' | 'bindings' | 'select' | 'mode' | 'target'> {
  readonly opened: FleetOpened;
  /** The fleet's journal, to keep how they end. It is not closed. */
  readonly journal: Journal<FleetRecord>;
  /** Those of its members that are left. */
  readonly members: readonly FleetMember[];
  readonly connect: (
    member: FleetMember,
  ) => Promise<{ readonly connection: Connection; readonly binding: JsonObject }>;
  /** The other targets of the runbook, as `shareConnection` gives them. */
  readonly shared: RunOptions['connections'];
  /** How many hosts have failed by now, of as many as the roll-out allows. */
  readonly failed: number;
  readonly emit?: (event: RunEvent | FleetEvent) => void;
}

/** Does on the hosts that are left what was agreed to for them, in their batches and no further than the roll-out allows. */
export async function rollOutLeft(options: FleetLeft): Promise<readonly HostOutcome[]> {
  const { opened, members, journal, shared, emit = () => {}, now = () => new Date() } = options;
  const target = options.runbook.targets.find(({ name }) => name === opened.target);
  if (target === undefined) throw new Error(`the runbook of ${opened.run} has no target ${opened.target}`);
  const { unselected } = opened;
  const standing = new Map(members.map((member) => [member.host, standingOf(member)]));
  const fleet: Fleet = {
    options: {
      ...options,
      target,
      params: opened.params as RunOptions['params'] & object,
      facts: opened.facts,
      bindings: opened.bindings,
      select: (id) => unselected[id],
      mode: 'apply',
    },
    fleet: opened.run,
    startedAt: opened.startedAt,
    emit,
    tell: (event: NewFleetEvent) =>
      emit({ at: now().toISOString(), run: opened.run, ...event } as FleetEvent),
    shared,
    runs: new Map(opened.members.map(({ host, hostRun }) => [host, hostRun])),
    standing,
    planned: false,
    journal,
  };
  const hosts = opened.members.map((member) => ({
    name: member.host,
    connect: () => options.connect(member),
  }));
  await rollOut(fleet, hosts, options.failed);
  return members.flatMap(({ host }) => standing.get(host)?.outcome ?? []);
}

function standingOf({ host, hostRun, agreed, binding }: FleetMember): Standing {
  const waits = { agreed: new Map(Object.entries(agreed)), binding };
  return {
    outcome: notBegun(host, hostRun, waits.agreed.size),
    waits,
  };
}
