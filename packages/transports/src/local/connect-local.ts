import type { Connection } from '@claw-run/core';
import { ClawError } from '@claw-run/core';
import { execa } from 'execa';
import { connectHost, type HostSettings } from '../host/connect-host.ts';
import { type Channel, type ChannelEnd, defaultShell, type Shell } from '../host/shell.ts';

export interface LocalOptions extends HostSettings {
  /** The environment of commands, PATH included. */
  readonly env: NodeJS.ProcessEnv;
  /** The shell that runs them; `sh`. */
  readonly sh?: readonly [string, ...string[]];
}

/** The machine that claw-run itself runs on, as a host. */
export function connectLocal(options: LocalOptions): Connection<'host'> {
  const { env, sh = defaultShell, ...settings } = options;
  return connectHost({ ...settings, name: 'local', pid: process.pid, shell: localShell(sh, env) });
}

function localShell([file, ...args]: readonly [string, ...string[]], env: NodeJS.ProcessEnv): Shell {
  return {
    async open({ signal }) {
      signal.throwIfAborted();
      return processChannel(file, args, env);
    },
    close: () => Promise.resolve(),
  };
}

function processChannel(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Channel {
  // a session of its own, so that a signal for this process's group does not end commands half-way
  const child = execa(file, args, {
    env,
    extendEnv: false,
    reject: false,
    buffer: false,
    detached: true,
    cleanup: true,
  });
  const { stdin, stdout, stderr } = child;
  const closed = child.then((result): ChannelEnd => {
    if (result.code === 'ENOENT' || result.code === 'EACCES') {
      const error = new ClawError(
        'unreachable',
        `cannot start ${file}: ${result.originalMessage ?? result.code}`,
      );
      return { end: 'dropped', error };
    }
    return { end: 'exited', exit: result.exitCode ?? 137 };
  });
  return {
    stdin,
    stdout,
    stderr,
    closed,
    kill: () => {
      child.kill('SIGKILL');
      for (const stream of [stdin, stdout, stderr]) stream.destroy();
    },
    hold(busy) {
      for (const handle of [child, stdin, stdout, stderr] as { ref?: () => void; unref?: () => void }[])
        busy ? handle.ref?.() : handle.unref?.();
    },
  };
}
