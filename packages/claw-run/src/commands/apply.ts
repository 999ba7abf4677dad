import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ClawError, type Problem, type Runbook } from '@claw-run/core';
import { createJournalStore } from '@claw-run/engine';
import { pastRunFlags } from '../cli/follow-up.ts';
import { UsageError } from '../cli/usage-error.ts';
import type { Context } from '../context.ts';
import { clusterReachOf, hostReachOf } from '../run/bind-targets.ts';
import { execute } from '../run/execute.ts';
import { watchInterrupts } from '../run/interrupt.ts';
import { loadLibrary } from '../run/load-library.ts';
import { recompile } from '../run/load-runbook.ts';
import { bindingsOf, compareWith, type PlanFile, readPlan } from '../run/plan-file.ts';
import { openReach } from '../run/reach.ts';
import { withLibrariesOfRun } from '../run/runbook-libraries.ts';
import { selectSteps } from '../run/select-steps.ts';
import { stateFolder } from '../run/state-folder.ts';

/** `claw-run apply PLAN`: does what a saved plan says, unless its target changed since. To apply it is to agree to it: nobody is asked. */
export async function call(given: Context): Promise<number> {
  const { io } = given;
  const [name = ''] = given.operands;
  if (given.options.step === true && !io.canAsk)
    throw new UsageError('--step asks before each step, and there is no terminal to ask on');
  const plan = await readPlan(resolve(io.cwd, name), name, {
    keyFile: stateFolder(given).keyFile,
    redactor: io.redactor,
    env: io.env,
  });
  const context = await withLibrariesOfRun(`the plan ${name}`, plan.libraries, given);
  const library = await loadLibrary(context.options.library, io.cwd);
  const loaded = await recompile(plan.sources, library);
  if (!loaded.ok) {
    throw new ClawError('runbook-invalid', `the runbook in ${name} does not fit this version of claw-run`, {
      problems: loaded.problems,
    });
  }
  const { libraries } = plan;
  const runbook = libraries === undefined ? loaded.runbook : { ...loaded.runbook, libraries };
  const { params } = plan;
  refuseOthers(plan, context);
  const interrupt = watchInterrupts(context);
  const opened = await openReach(context, interrupt);
  try {
    const { kubeconfig } = (Object.values(plan.bindings)[0] ?? {}) as { kubeconfig?: string };
    const same = io.env.KUBECONFIG === undefined && kubeconfig !== undefined && existsSync(kubeconfig);
    const hosts = hostReachOf(plan.bindings, opened.reach);
    const reach = same ? clusterReachOf(plan.bindings, hosts) : hosts;
    const elsewhere = await otherTarget(runbook, plan, { reach, context });
    const known = await createJournalStore(reach.stateFolder).list();
    const agreed = compareWith(plan.steps);
    const outcome = await execute(context, {
      runbook,
      params,
      facts: plan.facts,
      reach,
      interrupt,
      approved: true,
      manner: { mode: 'apply', again: pastRunFlags(context, 'run') },
      extra: {
        identity: { run: plan.run, startedAt: plan.startedAt },
        select: selectSteps(runbook, plan.selection),
        agreed: (planned) =>
          elsewhere ?? (known.includes(plan.run) ? appliedBefore(plan.run) : undefined) ?? agreed(planned),
      },
    });
    return outcome.exit;
  } finally {
    await opened.close();
    interrupt.end();
  }
}

/** A plan has all its parameters, the secret ones sealed. @throws UsageError where others are given */
function refuseOthers({ params }: PlanFile, { options }: Context): void {
  const [given] = (options.param ?? []).map((pair) => pair.split('=')[0] ?? '');
  const fixed = given ?? (options.params === undefined ? undefined : Object.keys(params).join(', '));
  if (fixed !== undefined)
    throw new UsageError(`the plan fixes ${fixed}`, 'plan again with another value, and apply that');
}

async function otherTarget(
  runbook: Runbook,
  plan: PlanFile,
  { reach, context }: { reach: Parameters<typeof bindingsOf>[1]; context: Context },
): Promise<Problem | undefined> {
  if (context.options.context !== undefined || context.options.target !== undefined) return undefined;
  const now = await bindingsOf(runbook, reach);
  for (const [name, value] of Object.entries(plan.bindings)) {
    const planned = placeOf(value);
    const found = placeOf(now[name]);
    if (planned === found) continue;
    return {
      code: 'stale-plan',
      message: `the plan was made for ${name} ${planned}; this is ${found}`,
      hint: 'choose the context with --context, or plan again for this one',
    };
  }
  return undefined;
}

/** Where a binding is: the context of a cluster, the address of a host. */
function placeOf(binding: unknown): string | undefined {
  const { context, where } = (binding ?? {}) as { context?: string; where?: string };
  return context ?? where;
}

function appliedBefore(run: string): Problem {
  return {
    code: 'stale-plan',
    message: `this plan was applied before, as run ${run}`,
    hint: `claw-run runs ${run} tells how it went; plan again for more`,
  };
}
