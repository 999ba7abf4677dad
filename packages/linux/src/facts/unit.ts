import { type Fact, runFact } from '@claw-run/core';
import { stdoutOf } from '../lib/exit.ts';
import { properties, showWithTimes, timesOf } from '../lib/systemd.ts';
import { unitTopics } from '../lib/unit-topics.ts';

/** A unit as systemd has it now; `null` where systemd knows none of that name. Times are milliseconds since 1970. */
export type Unit = {
  readonly name: string;
  readonly masked: boolean;
  /** `active`, `reloading`, `inactive`, `failed`, `activating`, `deactivating`. */
  readonly active: string;
  readonly sub: string;
  readonly type: string;
  /** `success`, or how it ended. */
  readonly result: string;
  readonly pid: number;
  /** How often systemd has started it anew by itself since it was last started by somebody. */
  readonly selfRestarts: number;
  /** The unit file on disk is newer than what systemd has loaded. */
  readonly needsDaemonReload: boolean;
  readonly canReload: boolean;
  /** When its main process was started. */
  readonly startedAt: number | null;
  /** When it last took up its configuration: started, or reloaded with success. */
  readonly freshAt: number | null;
  /** Unit file, drop-ins and environment files. */
  readonly files: readonly string[];
};

const asked =
  'Id,LoadState,ActiveState,SubState,Type,Result,MainPID,NRestarts,NeedDaemonReload,CanReload,FragmentPath,DropInPaths,EnvironmentFiles,ExecMainStartTimestamp,ExecReload';

export function unit(name: string): Fact<'host', Unit | null> {
  return runFact({
    key: `unit ${name}`,
    argv: showWithTimes(name, asked),
    about: unitTopics(name),
    parse: (result) => parseUnit(stdoutOf('systemctl', result)),
  });
}

export function parseUnit(text: string): Unit | null {
  const of = properties(text);
  const one = (key: string) => of.get(key)?.[0] ?? '';
  if (one('LoadState') === 'not-found') return null;
  const { started: startedAt, reloads } = timesOf(text);
  const times = [startedAt, ...reloads].filter((time) => time !== null);
  return {
    name: one('Id'),
    masked: one('LoadState') === 'masked',
    active: one('ActiveState'),
    sub: one('SubState'),
    type: one('Type'),
    result: one('Result'),
    pid: Number(one('MainPID') || 0),
    selfRestarts: Number(one('NRestarts') || 0),
    needsDaemonReload: one('NeedDaemonReload') === 'yes',
    canReload: one('CanReload') === 'yes',
    startedAt,
    freshAt: times.length === 0 ? null : Math.max(...times),
    files: [
      one('FragmentPath'),
      ...one('DropInPaths').split(' '),
      ...(of.get('EnvironmentFiles') ?? []).map((line) => line.replace(/ \(ignore_errors=\w+\)$/, '')),
    ].filter((path) => path !== ''),
  };
}
