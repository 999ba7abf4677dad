import type { HostAction, LockHolder } from '@claw-run/core';
import { runAsOf } from './commands.ts';
import { quote } from './quote.ts';

/** Who asked for an action: the holder of the lock, and the key of the action (`run/step/index`). */
export interface Asked {
  readonly key: string;
  readonly holder: LockHolder | undefined;
  /** Whom root does it as, where that is not root; see `guarded`. */
  readonly as?: string;
}

/**
 * Shell text that tells the host's log of an action that is about to be done as root, in one line: sudo's own log shows no more than a shell. It goes out with the
 * action, is not waited for, and where there is no `logger`, or nobody who listens to it, nothing is missed.
 */
export function auditing(action: HostAction, asked: Asked): string {
  const who = asked.as ?? runAsOf(action.do === 'run' ? action : { sudo: action.sudo ?? false });
  const telling = `logger -t claw-run -p authpriv.notice -- ${quote(auditLine(action, asked))}`;
  const told = `{ ${telling} </dev/null >/dev/null 2>&1 & } 2>/dev/null`;
  return who === undefined ? `[ "$U" != 0 ] || ${told}` : told;
}

const longest = 500;

/** One line, whatever the names and words hold: no field can pass for another, and no control character gets into a log. */
export function auditLine(action: HostAction, { key, holder, as }: Asked): string {
  const [run = '', step = '', index = ''] = key.split('/');
  const fields = {
    run,
    step,
    action: index,
    ...(holder === undefined ? {} : { runbook: holder.runbook, by: holder.who }),
    as: as ?? runAsOf(action.do === 'run' ? action : { sudo: action.sudo ?? false }) ?? 'login',
  };
  const said = Object.entries(fields).map(
    ([name, value]) => `${name}=${value.replace(/[^\p{L}\p{N}\p{P}\p{S}]|[="]/gu, '_')}`,
  );
  const did = action.do === 'run' ? action.argv.join(' ') : `${action.do} ${action.path}`;
  const plain = did.toWellFormed().replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '?');
  return `${said.join(' ')}: ${plain.length > longest ? `${plain.slice(0, longest).toWellFormed()}…` : plain}`;
}
