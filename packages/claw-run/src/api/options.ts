import type { Connection, Definition, ParamValue } from '@claw-run/core';
import type { Decisions, RunEvent } from '@claw-run/engine';

/** How a program runs a runbook. All of it has a sensible default but the consent. */
export interface RunbookOptions {
  /** The kubeconfig file; otherwise what kubectl would take. */
  readonly kubeconfig?: string;
  readonly context?: string;
  /** Where targets are, by their names in the runbook: `local` for a host, a context for a cluster. */
  readonly targets?: { readonly [target: string]: string };
  /** Connections of your own, by target; they are not closed. The others are made as above. */
  readonly connections?: { readonly [target: string]: Connection };
  /** A folder that comes first on PATH for commands on this machine. */
  readonly bin?: string;
  readonly params?: { readonly [name: string]: ParamValue };
  /** Named groups of symptoms that were found in a log. */
  readonly facts?: { readonly [name: string]: string };
  /** All steps, checks and lookups that the runbook may use; the standard ones where absent. */
  readonly library?: readonly Definition[];
  /** Agrees to the plan. Without it, and without `decisions`, a run with changes ends as `waiting-for-approval`. */
  readonly yes?: boolean;
  /** Decides at every turn, the plan included. */
  readonly decisions?: Decisions;
  readonly onEvent?: (event: RunEvent) => void;
  /** Interrupts: the run stops after the action in hand. */
  readonly signal?: AbortSignal;
  /** Where journals are kept; `~/.local/state/claw-run` where absent. */
  readonly stateDir?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}
