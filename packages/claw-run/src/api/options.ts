import type { Connection, Definition, ParamValue, Secret, Transport } from '@claw-run/core';
import type {
  Decisions,
  FleetEvent,
  HostOutcome,
  JournalStore,
  RunEvent,
  RunOutcome,
} from '@claw-run/engine';

/** How a program runs a runbook. All of it has a sensible default but the consent. */
export interface RunbookOptions {
  /** The kubeconfig file; otherwise what kubectl would take. */
  readonly kubeconfig?: string;
  readonly context?: string;
  /** Where targets are, by their names in the runbook: `local`, `user@host`, `ssh://`, `openssh://` or `pod://` for a host, a context for a cluster. */
  readonly targets?: { readonly [target: string]: string };
  /** Ways to hosts of your own: `targets`, `hosts` and targets' defaults may then be addresses of their schemes. */
  readonly transports?: readonly Transport[];
  /** Connections of your own, by target; they are not closed. The others are made as above. */
  readonly connections?: { readonly [target: string]: Connection };
  /** The hosts of the target that stands for many: an inventory file, or hosts with commas between them. */
  readonly hosts?: string;
  /** Which of them: names, globs, groups, `!not`, with commas between them. */
  readonly limit?: string;
  /** How many of them at a time; 10. */
  readonly forks?: number;
  /** How hosts are reached over SSH; what is left out is as the user's own configuration says. */
  readonly ssh?: {
    readonly config?: string;
    readonly knownHosts?: readonly string[];
    readonly identities?: readonly string[];
    readonly connectSeconds?: number;
    readonly password?: Secret;
    readonly passphrase?: Secret;
  };
  /** How long a connection to a host may go unused before it is closed, to be opened again at the next use; it stays, unless given. */
  readonly idleSeconds?: number;
  readonly sudoPassword?: Secret;
  /** A folder that comes first on PATH for commands on this machine. */
  readonly bin?: string;
  readonly params?: { readonly [name: string]: ParamValue };
  /** Named groups of symptoms that were found in a log. */
  readonly facts?: { readonly [name: string]: string };
  /** All steps, checks and lookups that the runbook may use; the standard ones where absent. */
  readonly library?: readonly Definition[];
  /** Loads the libraries that a runbook file names, besides `library`; their code runs with the rights of this process. */
  readonly allowLibraries?: boolean;
  /** Agrees to the plan. Without it, and without `decisions`, a run with changes ends as `waiting-for-approval`. */
  readonly yes?: boolean;
  /** Decides at every turn, the plan included. */
  readonly decisions?: Decisions;
  /** The events of a run; of many hosts those of all runs, which bear their host, and those of the fleet. */
  readonly onEvent?: (event: RunEvent | FleetEvent) => void;
  /** Interrupts: the run stops after the action in hand. */
  readonly signal?: AbortSignal;
  /**
   * Where journals are kept, those of fleets too: a place of your own, in which `resumePastRun` and `undoPastRun` find them. `stateDir` and `keyFile` are not used
   * then, and the command line does not see these runs.
   */
  readonly journals?: JournalStore;
  /** The folder where journals are kept; `~/.local/state/claw-run` where absent. */
  readonly stateDir?: string;
  /** The key that signs and seals them, made where there is none; `~/.config/claw-run/state.key` where absent. */
  readonly keyFile?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** How a run ended. On many hosts `run` is the fleet, and causes and steps are told by the events of each. */
export interface RunbookOutcome extends RunOutcome {
  /** How each host ended, where there were many. */
  readonly hosts?: readonly HostOutcome[];
}
