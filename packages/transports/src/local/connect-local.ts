import {
  type ActionResult,
  ClawError,
  type Connection,
  type HostAction,
  type HostRead,
} from '@claw-run/core';
import { readLocalFile, writeLocalFile } from './files.ts';
import { lockFile } from './lock-file.ts';
import { type CommandOptions, runCommand } from './run-command.ts';

export interface LocalOptions {
  /** The environment of commands, PATH included. */
  readonly env: NodeJS.ProcessEnv;
  /** A private folder for lock files. */
  readonly lockFolder: string;
}

/** The machine that claw-run itself runs on, as a host. */
export function connectLocal(options: LocalOptions): Connection<'host'> {
  const env = { ...options.env, LC_ALL: 'C' };
  return {
    kind: 'host',
    name: 'local',
    read: (read, { signal }) => readHost(read, { env, signal }),
    perform: (action, { signal }) => performOnHost(action, { env, signal }),
    lock: (holder, lockOptions) => lockFile(options.lockFolder, 'local', holder, lockOptions),
    close: () => Promise.resolve(),
  };
}

function readHost(read: HostRead, options: CommandOptions): Promise<unknown> {
  const settings = { ...options, ...(read.sudo ? { sudo: true } : {}) };
  if (read.read === 'file') return readLocalFile(read.path, settings);
  return runCommand(read.argv, {
    ...settings,
    ...(read.timeoutSeconds === undefined ? {} : { timeoutSeconds: read.timeoutSeconds }),
  });
}

async function performOnHost(action: HostAction, options: CommandOptions): Promise<ActionResult> {
  const settings = { ...options, ...(action.sudo ? { sudo: true } : {}) };
  switch (action.do) {
    case 'write':
      await writeLocalFile(action, settings);
      return {};
    case 'remove':
      return succeeded(action, await runCommand(['rm', '-f', '--', action.path], settings));
    case 'run': {
      const { stdin, timeoutSeconds } = action;
      return succeeded(
        action,
        await runCommand(action.argv, {
          ...settings,
          ...(stdin === undefined ? {} : { stdin }),
          ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
        }),
      );
    }
  }
}

function succeeded(action: HostAction, result: { exit: number; stderr: string }): ActionResult {
  if (result.exit === 0) return { exit: 0 };
  const what = action.do === 'run' ? action.argv.join(' ') : `${action.do} ${action.path}`;
  throw new ClawError(
    'action-failed',
    `${what} exited ${result.exit}: ${result.stderr.trim().split('\n').at(-1) ?? ''}`,
  );
}
