import { createJournalStore } from '@claw-run/engine';
import { pastRunFlags } from '../cli/follow-up.ts';
import type { Context } from '../context.ts';
import { outputOf } from '../context.ts';
import { agree, Unanswered } from '../prompt.ts';
import { createFleetRenderer } from '../render/fleet.ts';
import { createFleetJsonRenderer } from '../render/json.ts';
import { count, createStyle, plain } from '../render/style.ts';
import { watchInterrupts } from '../run/interrupt.ts';
import { forksOf } from '../run/inventory.ts';
import { loadLibrary } from '../run/load-library.ts';
import { fleetAgain, openFleet, type PastFleet } from '../run/past-fleet.ts';
import { openReach } from '../run/reach.ts';
import { stateFolder, whoAmI } from '../run/state-folder.ts';

/** `claw-run resume FLEET` and `claw-run rollback FLEET`: the same for all runs of a fleet. */
export async function callOnFleet(context: Context, fleet: string, how: 'resume' | 'undo'): Promise<number> {
  const { io, options } = context;
  const forks = forksOf(options.forks);
  const library = await loadLibrary(options.library, io.cwd);
  const where = { folder: stateFolder(context), redactor: io.redactor };
  const past = await openFleet(fleet, where);
  const runs = past.runs.filter((run) => (how === 'resume' ? run.canResume : run.canUndo));
  const left = how === 'resume' ? past.left : [];
  if (runs.length + left.length === 0) {
    io.out(
      how === 'resume'
        ? `All runs of ${fleet} came to their end: there is nothing to go on with.\n`
        : `Nothing of ${fleet} is left to undo.\n`,
    );
    return 0;
  }
  const answer = await consent({ past, runs, left, how }, context);
  if (answer === 'nobody') io.err('claw-run: there is no terminal to ask on\n  agree with --yes\n');
  if (answer !== 'yes') return answer === 'no' ? 8 : 12;
  const interrupt = watchInterrupts(context);
  const opened = await openReach(context, interrupt);
  const manner = {
    mode: 'apply' as const,
    again: pastRunFlags(context, 'again'),
    ...(how === 'undo' ? { undoing: true } : { resuming: true }),
  };
  const renderer =
    outputOf(context) === 'json' ? createFleetJsonRenderer(io) : createFleetRenderer(context, manner);
  try {
    const outcome = await fleetAgain({
      ...where,
      past,
      how,
      library,
      reach: opened.reach,
      forks,
      emit: renderer.event,
      ...(options.force === true ? { force: true } : {}),
      given: {
        journals: createJournalStore(where.folder),
        signal: interrupt.signal,
        who: whoAmI(),
        redactor: io.redactor,
        ...(options.breakLock === true ? { breakLock: true } : {}),
      },
    });
    return outcome.exit;
  } finally {
    await opened.close();
    interrupt.end();
  }
}

async function consent(
  {
    past,
    runs,
    left,
    how,
  }: {
    readonly past: PastFleet;
    readonly runs: PastFleet['runs'];
    readonly left: PastFleet['left'];
    readonly how: 'resume' | 'undo';
  },
  { io, options }: Context,
): Promise<'yes' | 'no' | 'nobody'> {
  if (options.output !== 'json' && options.quiet !== true) {
    const style = createStyle(io.color.err);
    const what = how === 'undo' ? 'Undoing' : 'Going on with';
    io.err(`${style.bold(`${what} ${past.fleet}`)} (${plain(past.runbook)}):\n`);
    for (const { host, steps, status } of runs)
      io.err(`  ${plain(host)}: ${how === 'undo' ? plain(steps.join('; ')) || 'its lock' : status}\n`);
    for (const { host } of left) io.err(`  ${plain(host)}: not begun\n`);
  }
  if (options.yes === true) return 'yes';
  if (!io.canAsk || options.output === 'json') return 'nobody';
  const where = count(runs.length + left.length, 'host');
  try {
    return (await agree(io, how === 'undo' ? `Undo it on ${where}?` : `Go on with it on ${where}?`))
      ? 'yes'
      : 'no';
  } catch (error) {
    if (error instanceof Unanswered) return 'no';
    throw error;
  }
}
