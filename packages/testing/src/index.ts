export { type ClusterAccess, describeClusterContract } from './contracts/cluster.ts';
export { type ConnectHost, describeHostContract, type HostWorld } from './contracts/host.ts';
export { describeJournalStoreContract, type JournalPlace } from './contracts/journal-store.ts';
export { describePodContract, type PodContractOptions, type PodSubject } from './contracts/pod.ts';
export {
  Crash,
  type CrashClass,
  type CrashPoint,
  crashClasses,
  crashingStore,
  crashPoints,
} from './crash.ts';
export {
  describeHostileHost,
  examplesOf,
  type HostileHostOptions,
} from './hostile/describe-hostile-host.ts';
export { describeLaws, type LawOptions } from './laws.ts';
export {
  describeLibrary,
  type LibraryOptions,
  type LibraryTarget,
  type TransportTarget,
  watchTests,
} from './library/describe-library.ts';
export { type Sampling, sample, samplingOf } from './sampling.ts';
export { statusWriter, type WriteStatus } from './status-writer.ts';
export type { Cleanup, Subject } from './subject.ts';
export { until } from './until.ts';
