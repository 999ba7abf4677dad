import { createJournalStore } from '@claw-run/engine';
import { pastRunFlags } from '../cli/follow-up.ts';
import type { Context } from '../context.ts';
import { outputOf } from '../context.ts';
import { createFleetRenderer } from '../render/fleet.ts';
import { createFleetJsonRenderer } from '../render/json.ts';
import { confirmFleetAgain } from '../run/decisions.ts';
import { watchInterrupts } from '../run/interrupt.ts';
import { forksOf } from '../run/inventory.ts';
import { loadLibrary } from '../run/load-library.ts';
import { fleetAgain, openFleet } from '../run/past-fleet.ts';
import { openReach } from '../run/reach.ts';
import { withLibrariesOfRun } from '../run/runbook-libraries.ts';
import { stateFolder, whoAmI } from '../run/state-folder.ts';
import { showFleetPlan } from './fleet-again-plan.ts';

/** `claw-run resume FLEET` and `claw-run rollback FLEET`: the same for all runs of a fleet. */
export async function callOnFleet(call: Context, fleet: string, how: 'resume' | 'undo'): Promise<number> {
  const where = { journals: createJournalStore(stateFolder(call)), redactor: call.io.redactor };
  const past = await openFleet(fleet, where);
  const context = await withLibrariesOfRun(fleet, past.opened?.libraries, call);
  const { io, options } = context;
  const forks = forksOf(options.forks);
  const library = await loadLibrary(options.library, io.cwd);
  const runs = past.runs.filter((run) => (how === 'resume' ? run.canResume : run.canUndo));
  const left = how === 'resume' ? past.left : [];
  if (runs.length + left.length === 0) {
    io.out(
      how === 'resume'
        ? `All runs of ${fleet} came to their end: there is nothing to resume.\n`
        : `Nothing of ${fleet} is left to roll back.\n`,
    );
    return 0;
  }
  const interrupt = watchInterrupts(context);
  const opened = await openReach(context, interrupt);
  const manner = {
    mode: 'apply' as const,
    again: pastRunFlags(context, 'again'),
    ...(how === 'undo' ? { undoing: true } : { resuming: true }),
  };
  const work = {
    ...where,
    past,
    how,
    library,
    reach: opened.reach,
    forks,
    ...(options.force === true ? { force: true } : {}),
  };
  const given = {
    journals: where.journals,
    signal: interrupt.signal,
    who: whoAmI(),
    redactor: io.redactor,
    ...(options.breakLock === true ? { breakLock: true } : {}),
  };
  try {
    if (outputOf(context) !== 'json') await showFleetPlan(context, { ...work, given });
    const answer = await confirmFleetAgain(
      context,
      how,
      [...runs, ...left].map(({ host }) => host),
    );
    if (answer === 'nobody')
      io.err('claw-run: approval needed, and no terminal to ask on\n  approve with --yes\n');
    if (answer !== 'yes') return answer === 'no' ? 8 : 12;
    const renderer =
      outputOf(context) === 'json' ? createFleetJsonRenderer(io) : createFleetRenderer(context, manner);
    return (await fleetAgain({ ...work, given, emit: renderer.event })).exit;
  } finally {
    await opened.close();
    interrupt.end();
  }
}
