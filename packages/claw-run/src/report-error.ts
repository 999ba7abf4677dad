import { ClawError, isLocalFailure, type Problem, type ProblemCode, problemOf } from '@claw-run/core';
import { UsageError } from './cli/usage-error.ts';
import type { Io } from './io.ts';

/** Tells an error that ended a call before the engine could tell it, and gives the exit code. */
export async function reportError(
  io: Io,
  error: unknown,
  options: { json: boolean; debug: boolean },
): Promise<number> {
  if (error instanceof UsageError) {
    io.err(`claw-run: ${error.message}\n`);
    if (error.hint !== undefined) io.err(`  ${error.hint}\n`);
    if (options.json) await tellEnd(io, 2, [{ code: 'usage', message: error.message }]);
    return 2;
  }
  if (error instanceof ClawError) {
    const problems = error.problems.length > 0 ? error.problems : [problemOf(error)];
    await tellProblems(io, problems);
    const exit = error.code === 'cancelled' ? signalExit(error) : exitOf(error);
    if (options.json) await tellEnd(io, exit, problems);
    return exit;
  }
  if (isLocalFailure(error)) {
    const problem = problemOf(error);
    // what words it better may be what cannot be loaded
    io.err(`claw-run: ${problem.message}\n  ${problem.hint}\n`);
    if (options.json) await tellEnd(io, 1, [problem]).catch(() => undefined);
    return 1;
  }
  const text = error instanceof Error ? (options.debug ? error.stack : error.message) : String(error);
  io.err(`claw-run: this is a bug in claw-run: ${text}\n`);
  if (!options.debug) io.err('  CLAW_DEBUG=1 makes it tell where; please report it with that\n');
  return 70;
}

/** Everything that is wrong with a runbook, its parameters or its targets is for the user to mend: 2. */
const exits: { readonly [C in ProblemCode]?: number } = {
  'runbook-unreadable': 2,
  'runbook-syntax': 2,
  'runbook-invalid': 2,
  'param-invalid': 2,
  'target-unbound': 2,
  'run-unknown': 2,
  usage: 2,
  'stale-plan': 7,
  timeout: 9,
  // changes may have been made, and stay
  'journal-unwritable': 1,
  locked: 11,
};

function exitOf({ code, notPerformed }: ClawError): number {
  return notPerformed ? 3 : (exits[code] ?? 3);
}

/** Interrupted before the engine had begun: while a practice cluster started. */
function signalExit({ message }: ClawError): number {
  return /SIGTERM|SIGHUP/.test(message) ? 143 : 130;
}

const statuses: { readonly [exit: number]: string } = {
  1: 'failed',
  2: 'usage',
  7: 'stale-plan',
  9: 'timed-out',
  11: 'locked',
  130: 'interrupted',
  143: 'terminated',
};

async function tellProblems(io: Io, problems: readonly Problem[]): Promise<void> {
  const [{ formatProblem }, { paint }] = await Promise.all([
    import('@claw-run/runbook'),
    import('./render/style.ts'),
  ]);
  for (const problem of problems) {
    const text = formatProblem(problem, { color: io.color.err, paint });
    io.err(`claw-run: ${text.replaceAll('\nhint: ', '\n  ')}\n`);
  }
}

/** A program that reads events is told the end of the run that never began. */
async function tellEnd(io: Io, exit: number, problems: readonly Problem[]): Promise<void> {
  const { noCounts } = await import('@claw-run/engine');
  const status = statuses[exit] ?? 'refused';
  const end = { status, exit, problems, counts: noCounts, journal: false };
  io.json({ type: 'run.ended', at: new Date().toISOString(), run: null, ...end });
}
