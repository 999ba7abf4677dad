import type { Problem } from '@claw-run/core';
import type { StepCounts } from './counts.ts';
import type { RunStatus } from './status.ts';

/** What a fleet tells besides the events of its runs, which bear `fleet` and `host`. `run` is the id of the fleet. */
export type FleetEvent = { readonly at: string; readonly run: string } & (
  | {
      readonly type: 'fleet.started';
      readonly runbook: string;
      readonly title: string;
      readonly dryRun: boolean;
      readonly traceparent?: string;
      readonly hosts: readonly string[];
    }
  | {
      /** A host was looked at. Hosts with the same `like` have the same causes and the same plan. */
      readonly type: 'host.planned';
      readonly host: string;
      readonly like: string;
      /** How many steps change something there, once it is agreed to. */
      readonly changes: number;
      readonly status: RunStatus;
      readonly problems: readonly Problem[];
    }
  | { readonly type: 'fleet.confirmed'; readonly hosts: readonly string[] }
  | {
      readonly type: 'batch.started';
      readonly batch: number;
      readonly of: number;
      readonly hosts: readonly string[];
    }
  | ({ readonly type: 'host.ended' } & HostOutcome)
  | {
      readonly type: 'fleet.ended';
      readonly status: RunStatus;
      readonly exit: number;
      readonly problems: readonly Problem[];
      readonly counts: StepCounts;
      readonly hosts: readonly HostOutcome[];
    }
);

/** How one host of a fleet ended. */
export interface HostOutcome {
  readonly host: string;
  /** The id of its run; there is a journal where it came to act. */
  readonly hostRun: string;
  /** `not-begun`: the roll-out stopped before it. */
  readonly status: RunStatus | 'not-begun';
  /** How many steps changed something, or would. */
  readonly changes: number;
  /** What became of its steps. */
  readonly counts: StepCounts;
  readonly problems: readonly Problem[];
}

/** How a fleet ended: as the worst of its hosts; as `failed` where that would say that nothing was touched or all was rolled back, and on another host it is not so. */
export interface FleetOutcome {
  /** The id of the fleet: `rollback` and `resume` take it. */
  readonly run: string;
  readonly startedAt: string;
  readonly status: RunStatus;
  readonly exit: number;
  readonly problems: readonly Problem[];
  readonly counts: StepCounts;
  readonly hosts: readonly HostOutcome[];
}

type WithoutStamp<T> = T extends unknown ? Omit<T, 'at' | 'run'> : never;

/** An event before it is stamped. */
export type NewFleetEvent = WithoutStamp<FleetEvent>;
