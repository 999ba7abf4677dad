import { pastRunFlags, runAgain } from '../cli/follow-up.ts';
import type { Context } from '../context.ts';
import type { Reach } from './bind-targets.ts';
import { execute } from './execute.ts';
import { watchInterrupts } from './interrupt.ts';
import { loadLibraryFor } from './load-library.ts';
import { factsOfLog, openRunbook } from './open-runbook.ts';
import { collectParams } from './params.ts';
import { openReach } from './reach.ts';
import { withLibrariesOf } from './runbook-libraries.ts';
import { selectSteps } from './select-steps.ts';

/** Runs the runbook of a command line on targets that are reached as `given` says. */
export async function runOn(given: Reach, call: Context): Promise<number> {
  const [file = ''] = call.operands;
  const context = await withLibrariesOf(file, call);
  const { io, options } = context;
  const mode = options.check === true || options.dryRun === true ? 'plan' : 'apply';
  const library = await loadLibraryFor(file, options.library, io.cwd);
  await given.early?.turn();
  const runbook = await openRunbook(file, library, context, given.early);
  await given.early?.turn();
  const select = selectSteps(runbook, options);
  const facts = await factsOfLog(runbook, context);
  const interrupt = watchInterrupts(context);
  const { reach, params: known, close } = await openReach(context, interrupt, runbook, given);
  try {
    const params = await collectParams(runbook.params, context, known);
    const outcome = await execute(context, {
      runbook,
      params,
      facts,
      reach,
      interrupt,
      manner: {
        mode,
        practice: reach.practice,
        next: reach.practice === true ? undefined : runAgain(file, context),
        again: pastRunFlags(context, 'run'),
      },
      extra: { select },
    });
    return outcome.exit;
  } finally {
    await close();
    interrupt.end();
  }
}
