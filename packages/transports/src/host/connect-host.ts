import { ClawError, type Connection, type Secret } from '@claw-run/core';
import type { Shell } from './shell.ts';

/** Settings that all hosts have, whichever way they are reached; transports pass them on. */
export interface HostSettings {
  /** For sudo where it asks for one. Sent through standard input only. */
  readonly sudoPassword?: Secret | undefined;
  /** How long a command may take that names no time of its own; 60 s. */
  readonly commandSeconds?: number | undefined;
  /** Where the lock file is kept on the host; by default the first of /run/lock, /var/lock and /tmp that all may write to. */
  readonly lockFolder?: string | undefined;
}

export interface HostOptions extends HostSettings {
  /** How the host is called in messages. */
  readonly name: string;
  readonly shell: Shell;
  /** A line of shell that is run first in each channel, such as the settings of the environment. */
  readonly prelude?: string | undefined;
}

/** A host over any transport that can start a shell there. Nothing is opened until the first read, action or lock. */
export function connectHost(_options: HostOptions): Connection<'host'> {
  throw new ClawError('unreachable', 'not built yet');
}
