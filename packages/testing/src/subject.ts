import type { ClusterObject, Connection, Definition, JsonObject, StepPlan, Verdict } from '@claw-run/core';
import type { Arbitrary } from 'fast-check';

/** One use of a step, check or lookup in one world, for the laws to be tried on. */
export interface Subject {
  /** What is special about this use or this world: `a binding of another role`. */
  readonly title: string;
  readonly definition: Definition;
  readonly with: JsonObject;
  /** The objects of the cluster before; whatever else the subject reads is taken away first. */
  readonly given?: readonly ClusterObject[];
  /**
   * Prepares what objects cannot say (files of a host, the status of a workload), each time the world is made anew, after
   * `given`. A function that it returns is called when the trial is over.
   */
  readonly before?: (connection: Connection) => Promise<Cleanup> | Promise<void>;
  /** What a step plans in this world; `change` where absent, so that no law holds only because nothing happened. */
  readonly plans?: StepPlan['plan'];
  /** What a check finds in this world. */
  readonly finds?: Verdict['verdict'];
  /** Whether runs of it are killed as well; true where absent. False for a use that acts as another one does. */
  readonly crashes?: boolean;
  /** What counts of what a read gave when two moments are compared, where the target itself keeps the rest for a while (jobs that have ended). */
  readonly lasting?: (raw: unknown) => unknown;
  /** Other inputs, for property-based runs. */
  readonly inputs?: Arbitrary<JsonObject>;
  /** Other worlds, for property-based runs. */
  readonly givens?: Arbitrary<readonly ClusterObject[]>;
}

export type Cleanup = (() => Promise<void>) | undefined;
