import type { Outputs } from './io.ts';

/** How long what is still open may take to be closed. */
const closingMs = 500;

/** Ends the process with a code: as soon as nothing is open any more, and where something stays open, all the same. */
export async function exitOnceWritten({ out, err }: Outputs, code: number): Promise<void> {
  process.exitCode = code;
  await Promise.all([out.settled(), err.settled()]);
  setTimeout(() => process.exit(code), closingMs).unref();
}
