import type { Action, Connection, HostAction, HostRead, RefusedCommand } from '@claw-run/core';
import { isClusterAction } from './predict.ts';

/** One command that sudo has to grant on a host. */
export interface SudoGrant extends RefusedCommand {
  readonly target: string;
  /** How the host is called in messages. */
  readonly host: string;
}

/** Those of the reads and actions that a host's sudo refuses: asked for in one question, and only where one of them needs sudo. */
export async function refusedSudo(
  target: string,
  connection: Connection,
  wanted: readonly (HostRead | Action)[],
  signal: AbortSignal,
): Promise<readonly SudoGrant[]> {
  const host = connection as Connection<'host'>;
  const asSomebodyElse = wanted.filter(needsSudo);
  if (host.refused === undefined || asSomebodyElse.length === 0) return [];
  const refused = await host.refused(asSomebodyElse, { signal });
  const once = new Map(refused.map((each) => [JSON.stringify(each), each]));
  return [...once.values()].map((each) => ({ target, host: connection.name, ...each }));
}

function needsSudo(wanted: HostRead | Action): wanted is HostRead | HostAction {
  if ('do' in wanted && isClusterAction(wanted)) return false;
  return wanted.sudo === true || ('as' in wanted && wanted.as !== undefined);
}
