import type {
  Connection,
  JsonObject,
  ParamValue,
  PlannedStep,
  Problem,
  Redactor,
  Runbook,
} from '@claw-run/core';
import type { StepCounts } from './counts.ts';
import type { Decisions } from './decisions.ts';
import type { Diagnosis } from './diagnose.ts';
import type { RunEvent } from './event.ts';
import type { Grant } from './grant.ts';
import type { Identity } from './identity.ts';
import type { JournalStore } from './journal-store.ts';
import type { RunStatus } from './status.ts';
import type { SudoGrant } from './sudo-grant.ts';

/** What a run is given. */
export interface RunOptions {
  readonly runbook: Runbook;
  readonly connections: { readonly [target: string]: Connection };
  readonly params?: { readonly [name: string]: ParamValue };
  /** Named groups of symptoms that were found in a log. */
  readonly facts?: { readonly [name: string]: string };
  readonly journals: JournalStore;
  readonly decisions?: Decisions;
  readonly emit?: (event: RunEvent) => void;
  /** Interrupts: the run stops after the action in hand. */
  readonly signal?: AbortSignal;
  /** `apply` does it all; `plan` reads and tells, of a resumed run what is left and of a rollback what it does; `diagnose` stops after the causes. */
  readonly mode?: 'apply' | 'plan' | 'diagnose';
  /** Why a step is left out, or nothing. */
  readonly select?: (id: string) => string | undefined;
  readonly who: string;
  /** What it takes to find the same targets again; kept in the journal. */
  readonly bindings?: JsonObject;
  readonly breakLock?: boolean;
  /** How long a target that was lost on the way is waited for; 60 where absent. */
  readonly reconnectSeconds?: number;
  /** How long causes may take to be gone once steps have acted; where absent, the longest `within` of the verifications, or 30. */
  readonly causesWithinSeconds?: number;
  readonly now?: () => Date;
  /** Run id and start as agreed in a saved plan. */
  readonly identity?: Identity;
  /** Gives the problem when the plan is not the one that was agreed to. */
  readonly agreed?: (planned: readonly PlannedStep[]) => Problem | undefined;
  readonly redactor?: Redactor;
  /** The trace that the run is a part of (W3C Trace Context), told at its start. */
  readonly traceparent?: string;
  /** Set where it is one run of a fleet. */
  readonly part?: FleetPart;
}

/** The part of a fleet that a run does: on one host. */
export interface FleetPart {
  readonly fleet: string;
  readonly host: string;
}

/** How a run ended. */
export interface RunOutcome {
  readonly run: string;
  readonly startedAt: string;
  readonly status: RunStatus;
  readonly exit: number;
  readonly problems: readonly Problem[];
  readonly counts: StepCounts;
  readonly causes: Diagnosis['causes'];
  readonly steps: readonly PlannedStep[];
  readonly missingGrants: readonly Grant[];
  readonly missingSudo: readonly SudoGrant[];
}
