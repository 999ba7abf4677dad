export { Crash, type CrashPoint, crashingStore, crashPoints } from './crash.ts';
export { describeLaws, type LawOptions } from './laws.ts';
export { statusWriter, type WriteStatus } from './status-writer.ts';
export type { Cleanup, Subject } from './subject.ts';
export { until } from './until.ts';
