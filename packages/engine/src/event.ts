import type {
  Action,
  ActionResult,
  Difference,
  Json,
  JsonObject,
  PlannedStep,
  Problem,
  Risk,
  StepPlan,
  Verdict,
} from '@claw-run/core';
import type { StepCounts } from './counts.ts';
import type { Grant } from './grant.ts';
import type { RunStatus } from './status.ts';
import type { SudoGrant } from './sudo-grant.ts';

/** What every record bears: when it was, and whose it is. */
export interface Stamp {
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly run: string;
  /** The fleet that the run is a part of, and its host there. */
  readonly fleet?: string;
  readonly host?: string;
}

/** What a run tells as it goes: the lines of `--output json`, and, with what only undo needs, of the journal. */
export type RunEvent = Stamp &
  (
    | {
        readonly type: 'run.started';
        readonly runbook: string;
        readonly title: string;
        readonly dryRun: boolean;
        readonly targets: JsonObject;
        /** Of the caller's trace (W3C Trace Context), where there is one. */
        readonly traceparent?: string;
      }
    /** Something that the run does, or the way to a target, is unsafe; the run goes on. */
    | { readonly type: 'warning'; readonly message: string }
    | { readonly type: 'fact'; readonly id: string; readonly value?: Json; readonly because?: string }
    | {
        readonly type: 'cause';
        readonly id: string;
        readonly title: string;
        readonly finding: Finding;
        readonly evidence: Evidence;
        /** What would settle it, where it is unknown. */
        readonly hint?: string;
        /** Set where it was asked again, once the steps had acted. */
        readonly phase?: 'verification';
      }
    | {
        readonly type: 'step.planned';
        readonly id: string;
        readonly name: string;
        readonly plan: Exclude<StepPlan['plan'], 'skipped'>;
        /** Not called for, so it is settled as it is. */
        readonly skipped?: true;
        readonly because: string;
        readonly diff: readonly Difference[];
        readonly uses: string;
        readonly on: string;
        readonly risk?: Risk;
        readonly actions?: readonly Action[];
        readonly irreversible?: string;
        readonly deferred?: string;
        readonly problem?: Problem;
        /** Set where it is what is left of a run that is resumed, or what rolling back does. */
        readonly phase?: 'resume' | 'rollback';
      }
    | {
        readonly type: 'grants.missing';
        readonly grants: readonly Grant[];
        /** What sudo has to grant, on hosts. */
        readonly sudo?: readonly SudoGrant[];
      }
    | { readonly type: 'run.confirmed' }
    | { readonly type: 'step.started'; readonly id: string; readonly phase: Phase }
    | { readonly type: 'action.intended'; readonly id: string; readonly key: string; readonly action: Action }
    | {
        readonly type: 'action.ended';
        readonly id: string;
        readonly key: string;
        readonly result?: ActionResult;
        readonly problem?: Problem;
        /** The target refused it as a whole: nothing of it took place. */
        readonly notPerformed?: true;
      }
    | { readonly type: 'step.waiting'; readonly id: string; readonly because: string }
    | { readonly type: 'step.verified'; readonly id: string; readonly because: string }
    | { readonly type: 'step.skipped'; readonly id: string; readonly because: string }
    | { readonly type: 'step.failed'; readonly id: string; readonly problem: Problem }
    | {
        readonly type: 'check';
        readonly id: string;
        readonly name: string;
        readonly verdict: Verdict['verdict'] | 'skipped';
        readonly because: string;
        readonly evidence?: Json;
      }
    | { readonly type: 'step.reverting'; readonly id: string }
    | {
        readonly type: 'step.reverted';
        readonly id: string;
        readonly outcome: RevertOutcome;
        readonly because: string;
      }
    | {
        readonly type: 'run.ended';
        readonly status: RunStatus;
        readonly exit: number;
        readonly problems: readonly Problem[];
        readonly counts: StepCounts;
        /** Whether a journal was kept, so that the run can be resumed and rolled back. */
        readonly journal: boolean;
      }
  );

/** What a cause turned out to be. */
export type Finding = 'found' | 'excluded' | 'unknown';

export interface Evidence {
  readonly because: string;
  readonly details?: Json;
}

/** `steps` mend, `verify` proves. */
export type Phase = 'steps' | 'verify';

/** `settled`: nothing was left to undo; `conflict`: changed by someone else since, left alone. */
export type RevertOutcome = 'reverted' | 'settled' | 'conflict' | 'irreversible' | 'failed';

/** What only the journal keeps: what a run needs to be resumed or undone. */
export type JournalOnly = Stamp &
  (
    | {
        readonly type: 'journal.opened';
        readonly version: 1;
        readonly runbook: string;
        readonly startedAt: string;
        readonly who: string;
        readonly sources: { readonly [file: string]: string };
        /** The modules that its own steps are from, by absolute path. */
        readonly libraries?: readonly string[];
        readonly params: JsonObject;
        readonly bindings: JsonObject;
        readonly facts: JsonObject;
        readonly causes: JsonObject;
        readonly steps: readonly PlannedStep[];
        /** The events among the verifications. */
        readonly proofs: readonly PlannedStep[];
      }
    | {
        /** The state of a step's facts right before it acts, and the state it is to lead to. */
        readonly type: 'step.observed';
        readonly id: string;
        readonly phase: Phase;
        readonly step: PlannedStep;
        readonly before: JsonObject;
        readonly after: JsonObject;
        /** An event that this run planned and never began, and that another has made happen since: rolling back repeats it. */
        readonly elsewhere?: true;
      }
    | { readonly type: 'journal.resumed'; readonly who: string }
    /** What stands before it is the trusted part of a journal that was damaged. */
    | { readonly type: 'journal.salvaged'; readonly lost: string }
  );

export type JournalRecord = RunEvent | JournalOnly;

const journalOnly: { readonly [T in JournalOnly['type']]: true } = {
  'journal.opened': true,
  'journal.resumed': true,
  'journal.salvaged': true,
  'step.observed': true,
};

/** Whether a record of a journal is an event that is told. */
export function isEvent(record: JournalRecord): record is RunEvent {
  return !(record.type in journalOnly);
}

type WithoutStamp<T> = T extends unknown ? Omit<T, keyof Stamp> : never;

/** An event before it is stamped with time and run. */
export type NewEvent = WithoutStamp<RunEvent>;
export type NewRecord = WithoutStamp<JournalRecord>;
