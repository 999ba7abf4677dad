import { ClawError } from '@claw-run/core';
import type { Open, Request } from './request.ts';
import { saidOf } from './said.ts';
import type { StartOptions } from './start-shell.ts';
import type { Outcome } from './wire.ts';

/** What it means for a request that its shell is gone; nothing where it can simply be asked for again. */
export function lostError(
  { name, startSeconds }: StartOptions,
  { what, action = false }: Request,
  lost: { open: Open; greeted: boolean; outcome: Outcome & { came: 'ended' } },
): ClawError | undefined {
  const { open, greeted, outcome } = lost;
  const { end, sent, begun } = outcome;
  if (!greeted) return neverHeard(name, startSeconds, lost);
  if (!sent) return undefined;
  const dropped = end.end === 'dropped' && !open.abandoned ? end.error : undefined;
  const because = dropped === undefined ? 'its shell ended' : dropped.message;
  if (action && (begun || dropped !== undefined || open.abandoned)) {
    return new ClawError('unreachable', `${name} was lost during \`${what}\`: ${because}`, {
      hint: 'it is not known whether that took place; it is decided by looking, once the host can be reached again',
      retryable: true,
    });
  }
  if (dropped !== undefined)
    return new ClawError('unreachable', `${name} was lost: ${because}`, { cause: dropped, retryable: true });
  return begun ? new ClawError('fact-unreadable', `${what} ended the shell that it ran in`) : undefined;
}

function neverHeard(
  name: string,
  startSeconds: number,
  { open, outcome }: { open: Open; outcome: Outcome & { came: 'ended' } },
): ClawError {
  if (open.abandoned) {
    return new ClawError(
      'timeout',
      `${name} is connected, but its shell said nothing for ${startSeconds} s`,
      {
        hint: 'does the log-in wait for something?',
        retryable: true,
      },
    );
  }
  if (outcome.end.end === 'dropped') return outcome.end.error;
  const because = saidOf(outcome.words).sentence || 'it ended at once';
  return new ClawError('unreachable', `${name} has no usable shell: ${because}`, {
    hint: 'claw-run needs a POSIX `sh` there, and a log-in that may run commands',
  });
}
