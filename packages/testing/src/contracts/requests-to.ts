import { randomInt } from 'node:crypto';
import type { Connection, FileState, HostRead, RunResult } from '@claw-run/core';
import { calm } from './calm.ts';

/** What tests ask of a host, in short. */
export function requestsTo(host: () => Connection<'host'>) {
  const read = (wanted: HostRead) => host().read(wanted, calm());
  const run = async (...argv: [string, ...string[]]) => (await read({ read: 'run', argv })) as RunResult;
  return {
    key: () => ({ key: 'run/step/0', ...calm() }),
    read,
    run,
    script: (text: string) => run('sh', '-c', text),
    file: (path: string, more: { sudo?: boolean } = {}) =>
      read({ read: 'file', path, ...more }) as Promise<FileState | null>,
  };
}

/** What a `sleep` of one test is known by on a machine on which others run, too. */
export function oddSeconds(): string {
  return `${randomInt(1000, 1_000_000)}.25`;
}
