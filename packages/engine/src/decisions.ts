import type { PlannedStep, Problem } from '@claw-run/core';

/** What a person, or a policy in their stead, decides. */
export interface Decisions {
  /** Shows the plan and asks. `nobody`: there is no one to ask. */
  readonly confirm: (plan: readonly PlannedStep[], what: Approval) => Promise<'yes' | 'no' | 'nobody'>;
  /** Asks before one step, where asked to. */
  readonly confirmStep: (step: PlannedStep) => Promise<'yes' | 'skip' | 'stop'>;
  readonly onFailure: (failure: {
    id: string;
    name: string;
    /** The target of the step. */
    on?: string;
    problem: Problem;
    policy: OnProblem;
  }) => Promise<OnProblem | 'retry' | 'skip'>;
  /** After an interrupt: roll back what was done, or leave it. */
  readonly onInterrupt: (left: readonly PlannedStep[]) => Promise<'roll-back' | 'stop'>;
}

/** What is agreed to: a run, what is left of one, or that one is rolled back. */
export type Approval = 'run' | 'resume' | 'rollback';

export type OnProblem = 'roll-back' | 'stop' | 'continue';

/** Agrees to everything and follows the runbook's own policy: for pipelines and for programs. */
export const unattended: Decisions = {
  confirm: () => Promise.resolve('yes'),
  confirmStep: () => Promise.resolve('yes'),
  onFailure: ({ policy }) => Promise.resolve(policy),
  onInterrupt: () => Promise.resolve('stop'),
};
