import { pastRunFlags, runAgain } from '../cli/follow-up.ts';
import { UsageError } from '../cli/usage-error.ts';
import type { Context } from '../context.ts';
import type { Reach } from '../run/bind-targets.ts';
import { beginEarly } from '../run/early-hosts.ts';
import { execute } from '../run/execute.ts';
import { watchInterrupts } from '../run/interrupt.ts';
import { loadLibraryFor } from '../run/load-library.ts';
import { factsOfLog, openRunbook } from '../run/open-runbook.ts';
import { collectParams } from '../run/params.ts';
import { openReach, reachOfFlags } from '../run/reach.ts';
import { selectSteps } from '../run/select-steps.ts';

/** `claw-run RUNBOOK`: diagnose, plan, ask, act, verify. */
export async function call(context: Context): Promise<number> {
  const { io, options, operands } = context;
  const [file = ''] = operands;
  if (options.step === true && !io.canAsk)
    throw new UsageError('--step asks before each step, and there is no terminal to ask on');
  const given = reachOfFlags(context);
  const early = await beginEarly(file, given, context);
  try {
    return await runOn({ ...given, early }, context);
  } finally {
    await early.close();
  }
}

async function runOn(given: Reach, context: Context): Promise<number> {
  const { io, options, operands } = context;
  const [file = ''] = operands;
  const mode = options.check === true || options.dryRun === true ? 'plan' : 'apply';
  const library = await loadLibraryFor(file, options.library, io.cwd);
  const runbook = await openRunbook(file, library, context, given.early?.cache);
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
        next: reach.practice === true ? undefined : runAgain({ file, runbook }, context),
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
