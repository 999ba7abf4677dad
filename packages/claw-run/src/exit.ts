import { accessSync, constants } from 'node:fs';
import type { Outputs } from './io.ts';

/** How long what is still open may take to be closed. */
const closingMs = 500;

/** Ends the process with a code: as soon as nothing is open any more, and where something stays open, all the same. */
export async function exitOnceWritten({ out, err }: Outputs, code: number): Promise<void> {
  process.exitCode = code;
  await Promise.all([out.settled(), err.settled()]);
  setTimeout(() => exitNow(code), closingMs).unref();
}

/**
 * Ends the process at once. Node.js itself waits, at its exit, for what its threads are at: a look-up of a name, which takes minutes where no name server answers.
 * Another program in its place does not.
 */
export function exitNow(code: number): never {
  if (process.execve !== undefined && mayRun(shell)) {
    process.emit('exit', code);
    process.execve(shell, ['sh', '-c', `exit ${code}`], {});
  }
  process.exit(code);
}

const shell = '/bin/sh';

/** Asked first: a program that cannot be put in its place aborts the process. */
function mayRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
