import { type Argv, ClawError, type Connection } from '@claw-run/core';
import { connectHost, type HostSettings } from '../host/connect-host.ts';
import { type ProgramEnd, processChannel } from '../host/process-channel.ts';
import { type ChannelEnd, defaultShell, type Shell } from '../host/shell.ts';

export { childEnv } from '../host/child-env.ts';

export interface LocalOptions extends HostSettings {
  /** The environment of commands, PATH included. */
  readonly env: NodeJS.ProcessEnv;
  /** The shell that runs them, `sh` unless given. */
  readonly sh?: Argv | undefined;
}

/** The machine that claw-run itself runs on, as a host. */
export function connectLocal(options: LocalOptions): Connection<'host'> {
  const { env, sh = defaultShell, ...settings } = options;
  return connectHost({
    ...settings,
    name: 'local',
    pid: process.pid,
    prelude: '',
    shell: localShell(sh, env),
  });
}

function localShell(sh: Argv, env: NodeJS.ProcessEnv): Shell {
  return {
    async open({ signal }) {
      signal.throwIfAborted();
      return processChannel(sh, env, (end) => endOf(sh, end));
    },
    close: () => Promise.resolve(),
  };
}

function endOf([file]: Argv, { exit, notStarted }: ProgramEnd): ChannelEnd {
  if (notStarted === undefined) return { end: 'exited', exit: exit ?? 137 };
  return {
    end: 'dropped',
    error: new ClawError('unreachable', `the shell of this machine cannot be started: ${notStarted}`, {
      ...(/ENOENT|EACCES/.test(notStarted)
        ? { hint: `is ${file} on the PATH that commands are given?` }
        : { hint: 'this machine, or a limit of this process (ulimit), lets no more programs be started' }),
    }),
  };
}
