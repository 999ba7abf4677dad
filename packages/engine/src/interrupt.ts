import { ClawError } from '@claw-run/core';

/** Why a signal was aborted, as an error that a run can end with. Whoever aborts may give any reason. */
export function reasonOf({ reason }: AbortSignal): ClawError {
  if (reason instanceof ClawError && (reason.code === 'cancelled' || reason.code === 'timeout'))
    return reason;
  if (reason instanceof Error && reason.name === 'TimeoutError')
    return new ClawError('timeout', 'the run timed out', { cause: reason });
  return new ClawError('cancelled', 'the run was interrupted', { cause: reason });
}

/** @throws ClawError `cancelled` or `timeout` when the signal was aborted */
export function checkInterrupt(signal: AbortSignal): void {
  if (signal.aborted) throw reasonOf(signal);
}

/** A signal that is aborted with another one, always with a ClawError as its reason; `release` lets go of the other. */
export function followSignal(signal: AbortSignal | undefined): {
  readonly signal: AbortSignal;
  readonly release: () => void;
} {
  const own = new AbortController();
  if (signal === undefined) return { signal: own.signal, release: () => {} };
  const follow = () => own.abort(reasonOf(signal));
  if (signal.aborted) follow();
  else signal.addEventListener('abort', follow, { once: true });
  return { signal: own.signal, release: () => signal.removeEventListener('abort', follow) };
}

/** How a run ends that was told to stop: Ctrl-C interrupts it, whoever ends its process or its terminal terminates it. */
export function stoppedBy({ message }: { readonly message: string }): 'terminated' | 'interrupted' {
  return /SIGTERM|SIGHUP/.test(message) ? 'terminated' : 'interrupted';
}
