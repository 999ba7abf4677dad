import { ClawError, isLocalFailure, problemOf } from '@claw-run/core';
import { UsageError } from '../cli/usage-error.ts';

/** How long a practice world may take to start, on a machine that is busy too. */
const startMs = 120_000;

/**
 * Waits for a practice world to start. What this machine does not give it (ports, open files, room) comes up in many ways, in servers and clients of its own, and may
 * keep it waiting for good. @throws ClawError `local-failure`
 */
export async function started<T>(what: string, starting: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(notStarted(what, `it is not up after ${startMs / 1000} s`)), startMs);
  });
  try {
    return await Promise.race([starting, late]);
  } catch (error) {
    if (
      error instanceof ClawError ||
      error instanceof UsageError ||
      !(error instanceof Error) ||
      isBug(error)
    )
      throw error;
    throw notStarted(what, isLocalFailure(error) ? problemOf(error).message : error.message, error);
  } finally {
    clearTimeout(timer);
  }
}

function notStarted(what: string, why: string, cause?: Error): ClawError {
  return new ClawError('local-failure', `the ${what} cannot be started: ${why}`, {
    hint: 'it needs ports of loopback, some hundred open files (ulimit -n) and a folder for temporary files (TMPDIR) on this machine',
    cause,
  });
}

function isBug(error: Error): boolean {
  return error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
}
