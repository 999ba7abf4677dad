import { ClawError } from '@claw-run/core';
import type { SudoersWording } from './sudoers-line.ts';
import type { Result } from './wire.ts';

/**
 * How commands become root's where the log-in is not: all those of a turn in one root shell, where sudo allows that; with the password sent along where sudo
 * keeps no tickets; else each by a sudo of its own, so that narrow rules do.
 */
export type Way = 'shell' | 'shell-password' | 'each' | 'each-password';

/** What sudo itself said, where it did not run the command at all. */
export function refusalOf({ exit, stderr }: Pick<Result, 'exit' | 'stderr'>): Refusal | undefined {
  if (exit !== 1 && exit !== 127) return undefined;
  const lines = stderr.toString('utf8').split('\n');
  const said = (pattern: RegExp) => lines.find((line) => pattern.test(line))?.trim();
  const password = said(passwordWanted);
  if (password !== undefined) return { because: 'password', said: password };
  const missing = exit === 127 ? said(noSudo) : undefined;
  if (missing !== undefined) return { because: 'missing', said: 'there is no sudo' };
  const terminal = said(terminalWanted);
  if (terminal !== undefined) return { because: 'terminal', said: terminal };
  const forbidden = said(notAllowed);
  return forbidden === undefined ? undefined : { because: 'rule', said: forbidden };
}

export interface Refusal {
  readonly because: 'password' | 'terminal' | 'rule' | 'missing';
  readonly said: string;
}

const passwordWanted = /^sudo: (a password is required|a terminal is required|no password was provided)/;
const notAllowed =
  /^(sudo: )?(sorry, user .* (is not allowed to|may not run)|.* is not in the sudoers file|.* is not allowed to run sudo)/i;
const terminalWanted = /^(sudo: )?sorry, you must have a tty/i;
const noSudo = /sudo: (command )?not found|sudo: inaccessible or not found/;

/** What sudo refuses, told so that whoever may change it can. `wording` is the sudoers line that would allow it. */
export function sudoError(about: {
  user: string;
  runAs: string;
  host: string;
  command: string;
  refusal: Refusal;
  wording?: SudoersWording;
}): ClawError {
  const { user, runAs, host, command, refusal, wording } = about;
  return new ClawError(
    'forbidden',
    `${user} may not run \`${command}\` as ${runAs} on ${host}: ${refusal.said}`,
    {
      hint: otherAdvice(refusal.because, user) ?? adviceOf(refusal, wording),
    },
  );
}

/** What helps where no rule is missing. */
function otherAdvice(because: Refusal['because'], user: string): string | undefined {
  if (because === 'missing') return 'log in as root, or install sudo there';
  // requiretty, the default of older releases of Enterprise Linux
  return because === 'terminal'
    ? `let sudo do without a terminal, in sudoers:\n    Defaults:${user} !requiretty`
    : undefined;
}

/** The line stands alone at the end: a part of it would allow more than all of it. */
function adviceOf({ because }: Refusal, wording: SudoersWording | undefined): string {
  const password = because === 'password' ? 'give the password of sudo' : undefined;
  if (wording === undefined) return password ?? 'log in as somebody whom sudo trusts';
  if ('unworded' in wording)
    return `no line of sudoers allows this alone (${wording.unworded}); ${password === undefined ? '' : `${password}, or `}log in as root, or as somebody whom sudo trusts`;
  return `${password === undefined ? '' : `${password}, or `}allow it in sudoers, all on one line:\n    ${wording.line}`;
}
