import { ClawError } from '@claw-run/core';

/** The same error, with what is known of whether anything took place. */
export function withNotPerformed(error: unknown, notPerformed: boolean): unknown {
  if (!(error instanceof ClawError) || error.notPerformed === notPerformed) return error;
  const { code, message, hint, retryable, problems, output, cause } = error;
  return new ClawError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
    retryable,
    problems,
    output,
    notPerformed,
  });
}
