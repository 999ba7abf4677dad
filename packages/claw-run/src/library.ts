// All that programs import but `z`: the bundle of the published package begins here, and `z` is the one that the program has.
export {
  type Action,
  type Argv,
  ClawError,
  type ClusterAction,
  type ClusterObject,
  type Connection,
  createLibrary,
  createRedactor,
  type Definition,
  type Difference,
  defineCheck,
  defineEvent,
  defineLookup,
  defineState,
  defineTransport,
  dryRunFact,
  type Fact,
  fail,
  fileFact,
  type HostAction,
  type Json,
  type JsonObject,
  type Library,
  listFact,
  logsFact,
  nameOf,
  type ObjectRef,
  objectFact,
  type PlannedStep,
  type Problem,
  pass,
  type Redactor,
  type Runbook,
  refOf,
  refused,
  reviewFact,
  rightsFact,
  runFact,
  Secret,
  type StepPlan,
  type Transport,
  type TransportSettings,
  unknown,
  type Verdict,
} from '@claw-run/core';
export {
  createJournalStore,
  type Decisions,
  type FleetEvent,
  type Grant,
  type HostOutcome,
  type JournalStore,
  type RunEvent,
  type RunOptions,
  type RunOutcome,
  type RunStatus,
  run,
  runStatuses,
  type SudoGrant,
  unattended,
} from '@claw-run/engine';
export { kubernetes } from '@claw-run/kubernetes';
export { linux } from '@claw-run/linux';
export { openclaw } from '@claw-run/openclaw';
export { compileRunbook, defineRunbook, formatProblem, runbookJsonSchema } from '@claw-run/runbook';
export { slurm } from '@claw-run/slurm';
export { connectCluster, connectLocal, connectOpenSsh, connectPod, connectSsh } from '@claw-run/transports';
export {
  type Channel,
  type ChannelEnd,
  childEnv,
  connectHost,
  type HostOptions,
  type HostSettings,
  type ProgramEnd,
  processChannel,
  type Shell,
} from '@claw-run/transports/host';
export type { RunbookOptions, RunbookOutcome } from './api/options.ts';
export { type PracticeCluster, startPracticeCluster } from './api/practice-cluster.ts';
export { diagnoseRunbook, planRunbook, resumePastRun, runRunbook, undoPastRun } from './api/run-runbook.ts';
export { version } from './version.ts';
