import { canUndo, createJournalStore, type RunOptions, undoRun } from '@claw-run/engine';
import { pastRunFlags } from '../cli/follow-up.ts';
import { UsageError } from '../cli/usage-error.ts';
import type { Context } from '../context.ts';
import { reachOf } from '../run/bind-targets.ts';
import { execute } from '../run/execute.ts';
import { watchInterrupts } from '../run/interrupt.ts';
import { loadLibrary } from '../run/load-library.ts';
import { meantFleet } from '../run/past-fleet.ts';
import {
  bareRunbook,
  isCutOff,
  openedOf,
  openRun,
  openTrustedPart,
  type PastRun,
  runbookOf,
} from '../run/past-run.ts';
import { openReach } from '../run/reach.ts';
import { withLibrariesOfRun } from '../run/runbook-libraries.ts';
import { stateFolder } from '../run/state-folder.ts';
import { callOnFleet } from './fleet-again.ts';

/** `claw-run rollback [RUN]`: rolls back a run, the last step first. */
export async function call(given: Context): Promise<number> {
  const { io, operands } = given;
  const where = { journals: createJournalStore(stateFolder(given)), redactor: io.redactor };
  const [run] = operands;
  // what is damaged is not the latest by accident
  if (given.options.trustedPart === true && run === undefined)
    throw new UsageError('--trusted-part needs the run', 'claw-run runs lists them, damaged ones too');
  const fleet = await meantFleet(run, where);
  if (fleet !== undefined) return callOnFleet(given, fleet, 'undo');
  const past =
    given.options.trustedPart === true && run !== undefined
      ? await openTrustedPart(run, where)
      : await openRun(run, where);
  const { history } = past;
  if (history.lost !== undefined) io.err(`claw-run: ${history.lost}\n`);
  if (!canUndo(history) && !isCutOff(history)) {
    await past.journal.close();
    io.out(`Nothing of ${past.run} is left to roll back.\n`);
    return 0;
  }
  const { runbook: name, bindings, libraries } = openedOf(past);
  const context = await withLibrariesOfRun(past.run, libraries, given);
  const { options } = context;
  const library = await loadLibrary(options.library, io.cwd);
  const runbook = await runbookOf(past, library).catch(() => bareRunbook(name, bindings));
  const interrupt = watchInterrupts(context);
  const { reach, close } = await openReach(context, interrupt);
  try {
    const outcome = await execute(context, {
      runbook,
      reach: reachOf(bindings, reach),
      interrupt,
      past: past.run,
      manner: {
        mode: 'apply',
        undoing: true,
        again: pastRunFlags(context, 'again'),
        names: namesOf(past),
        past: { ...openedOf(past), run: past.run },
      },
      work: (given: RunOptions) =>
        undoRun({
          ...given,
          journal: past.journal,
          definition: (id) => {
            const found = library.get(id);
            return found?.type === 'state' || found?.type === 'event' ? found : undefined;
          },
          ...(options.force === true ? { force: true } : {}),
        }),
    });
    return outcome.exit;
  } finally {
    await close();
    interrupt.end();
  }
}

function namesOf({ history }: PastRun): ReadonlyMap<string, string> {
  return new Map(history.begun.map(({ id, step }) => [id, step.name]));
}
