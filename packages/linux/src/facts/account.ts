import { type Fact, type RunResult, runFact } from '@claw-run/core';
import { failed } from '../lib/exit.ts';

/** An entry of the user database (passwd(5)). */
export type Account = {
  readonly name: string;
  readonly uid: number;
  /** The primary group. */
  readonly gid: number;
  readonly home: string;
};

/** The user as programs of the host see it, from wherever; `null` when they see none. */
export function account(name: string): Fact<'host', Account | null> {
  return runFact({
    key: `account ${name}`,
    argv: ['getent', 'passwd', name],
    about: [`account ${name}`, 'file /etc/passwd', 'cache sssd'],
    parse: parseAccount,
  });
}

/** The user as /etc/passwd has it; `null` when it is not there. */
export function localAccount(name: string): Fact<'host', Account | null> {
  return runFact({
    key: `local account ${name}`,
    argv: ['getent', '-s', 'files', 'passwd', name],
    about: [`account ${name}`, 'file /etc/passwd'],
    parse: parseAccount,
  });
}

/** @throws ClawError `fact-unreadable` where getent gives no answer: neither found nor not found */
export function parseAccount(result: RunResult): Account | null {
  if (result.exit === 2) return null;
  if (result.exit !== 0) throw failed('getent', result);
  const [name = '', , uid = '', gid = '', , home = ''] = (result.stdout.split('\n')[0] ?? '').split(':');
  return { name, uid: Number(uid), gid: Number(gid), home };
}
