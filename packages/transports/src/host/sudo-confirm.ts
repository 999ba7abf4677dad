import { type Refusal, refusalOf } from './sudo.ts';
import { parseSudoRules, wantsPassword } from './sudo-rules.ts';
import type { Result } from './wire.ts';

export interface SupposedCommand {
  readonly runAs: string;
  /** The program by its path, as sudoers rules have it. */
  readonly words: readonly string[];
  /** Whether the command was run by a sudo that could have had the password. */
  readonly hadPassword: boolean;
  /** Runs sudo by words that have it run nothing of anybody's; with the password, where one was taken. */
  readonly sudo: (words: readonly string[], options: { withPassword: boolean }) => Promise<Result>;
}

/**
 * Whether sudo did refuse a command that looks like it by its exit status and by what came as its errors: those may be words of the command, or of whom it was run
 * as. Only sudo's own answers count, given without running anything.
 */
export async function confirmRefusal(
  supposed: Refusal,
  { runAs, words, hadPassword, sudo }: SupposedCommand,
): Promise<Refusal | undefined> {
  const listed = await sudo(['-l', '-u', runAs, '--', ...words], { withPassword: true });
  if (listed.exit !== 0) {
    const said = supposed.because === 'rule' ? supposed.said : 'its rules do not allow it';
    return refusalOf(listed) ?? { because: 'rule', said };
  }
  if (supposed.because !== 'password') return undefined;
  const rules = await sudo(['-ll'], { withPassword: true });
  if (wantsPassword(parseSudoRules(rules.stdout.toString('utf8')), { runAs, words }) === false)
    return undefined;
  const ticket = await sudo(['-v'], { withPassword: hadPassword });
  if (ticket.exit === 0) return undefined;
  return refusalOf(ticket) ?? { because: 'password', said: supposed.said };
}
