import { resolve } from 'node:path';
import { inCluster } from '../cli/commands.ts';
import { applyPlan, runAgain } from '../cli/follow-up.ts';
import { UsageError } from '../cli/usage-error.ts';
import type { Context } from '../context.ts';
import { manyTarget } from '../run/bind-targets.ts';
import { execute } from '../run/execute.ts';
import { watchInterrupts } from '../run/interrupt.ts';
import { loadLibraryFor } from '../run/load-library.ts';
import { factsOfLog, openRunbook } from '../run/open-runbook.ts';
import { collectParams } from '../run/params.ts';
import { bindingsOf, savePlan } from '../run/plan-file.ts';
import { openReach } from '../run/reach.ts';
import { withLibrariesOf } from '../run/runbook-libraries.ts';
import { selectSteps } from '../run/select-steps.ts';

/** Statuses of plans that can be applied: that a cause is unknown is told, and decided by whoever applies it. */
const planned: ReadonlySet<string> = new Set(['ok', 'changes-pending', 'unresolved']);

/** `claw-run plan RUNBOOK [-o FILE]`: what would change, and with -o the plan as a file for `apply`; with --grants, manifests. */
export async function call(given: Context): Promise<number> {
  const [file = ''] = given.operands;
  const context = await withLibrariesOf(file, given);
  const { io, options } = context;
  if (inCluster.some((name) => options[name] !== undefined))
    (await import('../in-cluster/grant-manifests.ts')).checkGrantFlags(options);
  const library = await loadLibraryFor(file, options.library, io.cwd);
  const runbook = await openRunbook(file, library, context);
  const select = selectSteps(runbook, options);
  const facts = await factsOfLog(runbook, context);
  const interrupt = watchInterrupts(context);
  const { reach, params: known, close } = await openReach(context, interrupt, runbook);
  try {
    const params = await collectParams(runbook.params, context, known);
    if (options.grants === true) {
      const { printGrants } = await import('../in-cluster/print-grants.ts');
      return await printGrants(context, { file, runbook, params, reach, interrupt, select });
    }
    if (options.out !== undefined && manyTarget(runbook, reach) !== undefined)
      throw new UsageError(
        'a plan can be saved for one host, not for many',
        'name one with --target, or run without -o: it asks before it acts',
      );
    const next =
      options.out === undefined ? runAgain(file, context) : applyPlan(options.out, runbook, context);
    const outcome = await execute(context, {
      runbook,
      params,
      facts,
      reach,
      interrupt,
      manner: { mode: 'plan', practice: reach.practice, next: reach.practice === true ? undefined : next },
      extra: { select },
    });
    if (options.out !== undefined && planned.has(outcome.status)) {
      const { from, only } = options;
      await savePlan(resolve(io.cwd, options.out), {
        runbook,
        params,
        facts,
        outcome,
        selection: { ...(from === undefined ? {} : { from }), ...(only === undefined ? {} : { only }) },
        bindings: await bindingsOf(runbook, reach),
        redactor: io.redactor,
        keyFile: reach.stateFolder.keyFile,
      });
      if (options.quiet !== true) io.err(`saved in ${options.out}\n`);
    }
    return outcome.exit;
  } finally {
    await close();
    interrupt.end();
  }
}
