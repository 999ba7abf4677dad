import { homedir, hostname, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import type { Context } from '../context.ts';

/** Where journals, locks and practice clusters are kept: `--state-dir`, or the place of the XDG base directories. */
export function stateFolder({ io, options }: Context): string {
  if (options.stateDir !== undefined) return resolve(io.cwd, options.stateDir);
  return defaultStateFolder(io.env);
}

/** `$XDG_STATE_HOME/claw-run`, or `~/.local/state/claw-run`. */
export function defaultStateFolder(env: NodeJS.ProcessEnv): string {
  const { XDG_STATE_HOME, HOME } = env;
  const base = XDG_STATE_HOME?.startsWith('/') ? XDG_STATE_HOME : join(HOME ?? homedir(), '.local', 'state');
  return join(base, 'claw-run');
}

/** `user@host`, as lock holders and journals name whoever runs this. */
export function whoAmI(): string {
  return `${userName()}@${hostname()}`;
}

/** In a container the user may have a number only. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
