import { homedir, hostname, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import type { StateFolder } from '@claw-run/engine';
import type { Context } from '../context.ts';

/** Where journals are kept, and the key that signs them: as the command line says, or at the places of the XDG base directories. */
export function stateFolder({ io, options }: Context): StateFolder {
  const usual = defaultState(io.env);
  return {
    path: options.stateDir === undefined ? usual.path : resolve(io.cwd, options.stateDir),
    keyFile: options.keyFile === undefined ? usual.keyFile : resolve(io.cwd, options.keyFile),
  };
}

/** `$XDG_STATE_HOME/claw-run` or `~/.local/state/claw-run`; the key is in `$XDG_CONFIG_HOME/claw-run` or `~/.config/claw-run`. */
export function defaultState(env: NodeJS.ProcessEnv): StateFolder {
  const { XDG_STATE_HOME, XDG_CONFIG_HOME, HOME } = env;
  const home = HOME === undefined || HOME === '' ? homedir() : HOME;
  const state = XDG_STATE_HOME?.startsWith('/') ? XDG_STATE_HOME : join(home, '.local', 'state');
  const config = XDG_CONFIG_HOME?.startsWith('/') ? XDG_CONFIG_HOME : join(home, '.config');
  return { path: join(state, 'claw-run'), keyFile: join(config, 'claw-run', 'state.key') };
}

/** Whose plans and libraries are taken: those of the user who runs this, and with sudo those of the user who called it. */
export function ownersOf({ SUDO_UID }: NodeJS.ProcessEnv): readonly number[] {
  const me = process.geteuid?.() ?? 0;
  return me === 0 && /^\d+$/.test(SUDO_UID ?? '') ? [me, Number(SUDO_UID)] : [me];
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
