import type { Connection } from '@claw-run/core';
import { connectHost, type HostSettings } from '../host/connect-host.ts';
import { type SshShellOptions, sshShell } from './ssh-shell.ts';

export interface SshOptions extends SshShellOptions, HostSettings {
  /** How the host is called in messages; the destination unless given. */
  readonly name?: string | undefined;
}

/**
 * A host over SSH, found and judged by the user's own ssh_config and known_hosts. Nothing is read or opened before the first read, action or lock. Unknown host keys are
 * always refused, and nothing is asked of anybody unless `ask` is given.
 * @throws ClawError `usage` for what is not a destination
 */
export async function connectSsh(options: SshOptions): Promise<Connection<'host'>> {
  const { name = options.destination } = options;
  return connectHost({ ...options, name, shell: sshShell(options) });
}
