import { ClawError, type RunResult } from '@claw-run/core';

/** The output of a command that had to succeed. @throws ClawError `fact-unreadable` with what it said */
export function stdoutOf(what: string, { exit, stdout, stderr }: RunResult): string {
  if (exit === 0) return stdout;
  throw failed(what, { exit, stdout, stderr });
}

/** Why the answer of a command cannot be gone by. */
export function failed(what: string, { exit, stdout, stderr }: RunResult): ClawError {
  if (exit === 127)
    return new ClawError('fact-unreadable', `${what} is not installed`, {
      hint: `install ${what} on the host, or correct its PATH`,
    });
  return new ClawError(
    'fact-unreadable',
    `${what} ended with ${exit}: ${lastLine(stderr) || lastLine(stdout) || 'it said nothing'}`,
  );
}

/** The last line that is not empty. */
export function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
}
