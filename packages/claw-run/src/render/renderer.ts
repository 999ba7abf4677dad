import type { RunEvent } from '@claw-run/engine';

/** Shows a run as it goes. */
export interface Renderer {
  readonly event: (event: RunEvent) => void;
  /** Shows what was kept back, before someone is asked. */
  readonly flush: () => void;
  /** What the plan that was shown last was, for a terminal that did not see it. */
  readonly lastPlan: () => readonly string[];
}

/** A command to go on with. */
export interface Next {
  /** Quoted for the shell. */
  readonly command: string;
  /** What it needs besides, and cannot hold itself. */
  readonly needs: readonly string[];
}

/** How a run is meant and what is said at its end. */
export interface Manner {
  readonly mode: 'apply' | 'plan' | 'diagnose';
  /** How to do what was planned. */
  readonly next?: Next | undefined;
  /** What `claw-run resume RUN` and `claw-run rollback RUN` take besides, quoted for the shell; with a space before it. */
  readonly again?: string | undefined;
  /** What of it can be undone, or that it cannot: a practice cluster ends with the run. */
  readonly practice?: boolean | undefined;
  readonly undoing?: boolean | undefined;
  /** Ids of what only proves the mend: a test job. It is told apart from the changes. */
  readonly proofs?: readonly string[] | undefined;
  /** Names of steps that are told before they are planned. */
  readonly names?: ReadonlyMap<string, string> | undefined;
  readonly resuming?: boolean | undefined;
  /** The run that is resumed or rolled back. */
  readonly past?: { readonly run: string; readonly startedAt: string; readonly who: string } | undefined;
}
