import type { HostWays } from '../run/host-reach.ts';

/** What a process that tries a library is told; a file, for workers of vitest are started by vitest. */
export interface TrialSettings {
  /** How the module is called in what is told. */
  readonly name: string;
  /** The module, absolute. */
  readonly module: string;
  /** `@claw-run/testing` of the library, absolute. */
  readonly testing: string;
  readonly cases: readonly string[];
  readonly ownCases: boolean;
  readonly reserved: readonly string[];
  /** Units to be tried; all where absent. */
  readonly units?: readonly string[];
  readonly targets: TrialTargets;
  /** Where it is told which test is under way. */
  readonly progress: string;
  /** How long one test may take. */
  readonly limitMs: number;
  readonly cwd: string;
}

export interface TrialTargets {
  /** The kubeconfig of the cluster, and its context where it is not the current one. */
  readonly cluster: { readonly kubeconfig: string | undefined; readonly context?: string };
  /** The kubeconfig that hosts in pods are found by, where it is named. */
  readonly kubeconfig?: string;
  /** Where the host is; none where absent. */
  readonly host?: string;
  /** Transports by scheme, and an address of each. */
  readonly transports: { readonly [scheme: string]: string };
  /** Another way to the host of the transports. */
  readonly beside?: string;
  readonly ways: HostWays;
  /** Where hosts that are this machine keep locks. */
  readonly locks: string;
}

/** Which test is under way; with no path, one has ended and another has not begun. */
export interface Progress {
  readonly at: number;
  readonly timeout: number;
  readonly path?: readonly string[];
}

/** What goes wrong in a test, as vitest tells it. */
export interface TestFault {
  readonly message: string;
  readonly law?: string;
  readonly diff?: string;
  readonly hint?: string;
}

/** What is told of one unit. */
export type Tested = Extract<Message, { told: 'test' | 'suite' }>;

/** What the process that runs vitest tells. Paths begin with the unit. */
export type Message =
  | { readonly told: 'units'; readonly units: readonly string[] }
  | {
      readonly told: 'test';
      readonly path: readonly string[];
      /** `moot`: it had nothing to show, and does not count. */
      readonly state: 'passed' | 'failed' | 'skipped' | 'moot';
      readonly note?: string;
      readonly warnings: readonly string[];
      readonly ms: number;
      readonly faults: readonly TestFault[];
    }
  | { readonly told: 'suite'; readonly path: readonly string[]; readonly faults: readonly TestFault[] }
  | { readonly told: 'broken'; readonly faults: readonly TestFault[] }
  /** All tests were run; what is left is to clear away. */
  | { readonly told: 'ran' }
  | { readonly told: 'end' };
