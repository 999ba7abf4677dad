import type { JsonObject } from '@claw-run/core';
import type { FleetEvent, HostOutcome } from './fleet-event.ts';

/** A host that is to act, as the journal of its fleet keeps it. */
export interface FleetMember {
  readonly host: string;
  /** The id of its run; there is a journal where it came to act. */
  readonly hostRun: string;
  /** What it takes to find the host again. */
  readonly binding: JsonObject;
  /** What was agreed to there: a hash for each step that changes something. */
  readonly agreed: { readonly [step: string]: string };
}

/** What was agreed to for a fleet, and all it takes to go on with the hosts that have no run yet. */
export interface FleetOpened {
  readonly type: 'fleet.opened';
  readonly at: string;
  /** The id of the fleet. */
  readonly run: string;
  readonly version: 1;
  readonly runbook: string;
  readonly startedAt: string;
  readonly who: string;
  readonly sources: { readonly [file: string]: string };
  /** The modules that its own steps are from, by absolute path. */
  readonly libraries?: readonly string[];
  readonly params: JsonObject;
  readonly facts: { readonly [name: string]: string };
  /** Steps that were left out, and why. */
  readonly unselected: { readonly [step: string]: string };
  /** The target that stands for the hosts. */
  readonly target: string;
  /** Of the targets that the hosts share. */
  readonly bindings: JsonObject;
  /** In the order in which they have their turn. */
  readonly members: readonly FleetMember[];
}

/** The journal of a fleet: what was agreed to, then how hosts ended. */
export type FleetRecord = FleetOpened | Extract<FleetEvent, { type: 'host.ended' }>;

/** A fleet as its journal tells it. */
export interface FleetHistory {
  readonly opened?: FleetOpened;
  /** How hosts ended, by their runs. */
  readonly ended: ReadonlyMap<string, HostOutcome>;
  /** All its hosts that are kept, by their runs. */
  readonly hosts: ReadonlyMap<string, string>;
}

/** Folds the records of a fleet's journal. Pure. */
export function foldFleet(records: readonly FleetRecord[]): FleetHistory {
  const opened = records.find((record) => record.type === 'fleet.opened');
  const ended = records.flatMap((record) =>
    record.type === 'host.ended' ? [[record.hostRun, outcomeIn(record)] as const] : [],
  );
  const acted = records.flatMap((record) =>
    record.type === 'host.ended' ? [[record.hostRun, record.host] as const] : [],
  );
  const members = (opened?.members ?? []).map(({ hostRun, host }) => [hostRun, host] as const);
  return {
    ...(opened === undefined ? {} : { opened }),
    ended: new Map(ended),
    hosts: new Map([...members, ...acted]),
  };
}

function outcomeIn({ host, hostRun, status, changes, counts, problems }: HostOutcome): HostOutcome {
  return { host, hostRun, status, changes, counts, problems };
}
