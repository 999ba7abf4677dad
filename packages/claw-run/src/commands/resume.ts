import { createJournalStore, type RunOptions, resume } from '@claw-run/engine';
import { pastRunFlags } from '../cli/follow-up.ts';
import type { Context } from '../context.ts';
import { reachOf } from '../run/bind-targets.ts';
import { execute } from '../run/execute.ts';
import { watchInterrupts } from '../run/interrupt.ts';
import { loadLibrary } from '../run/load-library.ts';
import { meantFleet } from '../run/past-fleet.ts';
import { openedOf, openRun, runbookOf } from '../run/past-run.ts';
import { openReach } from '../run/reach.ts';
import { withLibrariesOfRun } from '../run/runbook-libraries.ts';
import { stateFolder } from '../run/state-folder.ts';
import { callOnFleet } from './fleet-again.ts';

/** `claw-run resume [RUN]`: resumes a run that stopped half way; what was done is found by looking. */
export async function call(given: Context): Promise<number> {
  const { io, operands } = given;
  const where = { journals: createJournalStore(stateFolder(given)), redactor: io.redactor };
  const fleet = await meantFleet(operands[0], where);
  if (fleet !== undefined) return callOnFleet(given, fleet, 'resume');
  const past = await openRun(operands[0], where);
  if (past.history.opened === undefined) {
    await past.journal.close();
    io.err(`${past.run} never began: its process died before anything was changed. Run the runbook again\n`);
    return 3;
  }
  const opened = openedOf(past);
  const context = await withLibrariesOfRun(past.run, opened.libraries, given);
  const library = await loadLibrary(context.options.library, io.cwd);
  const runbook = await runbookOf(past, library);
  if (past.history.ended === 'ok') {
    await past.journal.close();
    io.err(`${past.run} came to its end: there is nothing to resume\n`);
    return 0;
  }
  const interrupt = watchInterrupts(context);
  const { reach, close } = await openReach(context, interrupt);
  try {
    const outcome = await execute(context, {
      runbook,
      reach: reachOf(opened.bindings, reach),
      interrupt,
      past: past.run,
      manner: {
        mode: 'apply',
        resuming: true,
        past: { ...opened, run: past.run },
        again: pastRunFlags(context, 'again'),
        names: new Map(past.history.opened?.steps.map(({ id, name }) => [id, name])),
      },
      work: (given: RunOptions) => resume({ ...given, journal: past.journal }),
    });
    return outcome.exit;
  } finally {
    await close();
    interrupt.end();
  }
}
