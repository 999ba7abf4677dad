import { type Fact, runFact, Secret } from '@claw-run/core';
import { failed, stdoutOf } from '../lib/exit.ts';

/** An entry of shadow(5). Days are counted from 1970-01-01. */
export type ShadowEntry = {
  /** The whole line: it holds the hash of the password. */
  readonly line: Secret;
  readonly locked: boolean;
  /** There is a hash, locked or not, that a password can fit. */
  readonly hasPassword: boolean;
  /** The day the password was changed last; `null`: not kept. */
  readonly changed: number | null;
  /** For how many days a password is good; `null`: always. */
  readonly goodFor: number | null;
  /** The day from which on nobody can log in; `null`: never. */
  readonly expires: number | null;
};

/** What the host itself keeps of the password of a user; `null` where it keeps none. Only root may look. */
export function shadowEntry(user: string): Fact<'host', ShadowEntry | null> {
  return runFact({
    key: `shadow ${user}`,
    argv: ['getent', '-s', 'files', 'shadow', user],
    sudo: true,
    about: [`account ${user}`, 'file /etc/shadow'],
    parse: (result) => {
      if (result.exit === 2) return null;
      if (result.exit !== 0) throw failed('getent', result);
      return parseShadowEntry(result.stdout.split('\n')[0] ?? '');
    },
  });
}

export function parseShadowEntry(line: string): ShadowEntry {
  const [, hash = '', changed = '', , goodFor = '', , , expires = ''] = line.split(':');
  const days = (text: string) => (/^\d+$/.test(text) ? Number(text) : null);
  return {
    line: new Secret(line),
    locked: hash.startsWith('!'),
    hasPassword: /^!?[^!*]/.test(hash),
    changed: days(changed),
    goodFor: days(goodFor),
    expires: days(expires),
  };
}

/** Today by the clock of the host, in days from 1970-01-01. */
export function today(): Fact<'host', number> {
  return runFact({
    key: 'today',
    argv: ['date', '-u', '+%F'],
    parse: (result) => Date.parse(stdoutOf('date', result).trim()) / 86_400_000,
  });
}
