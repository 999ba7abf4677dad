import { UsageError } from '../cli/usage-error.ts';
import type { Context } from '../context.ts';
import { beginEarly } from '../run/early-hosts.ts';
import { reachOfFlags } from '../run/reach.ts';

/** `claw-run RUNBOOK`: diagnose, plan, ask, act, verify. */
export async function call(context: Context): Promise<number> {
  const { io, options, operands } = context;
  const [file = ''] = operands;
  if (options.step === true && !io.canAsk)
    throw new UsageError('--step asks before each step, and there is no terminal to ask on');
  const given = reachOfFlags(context);
  const early = await beginEarly(file, given, context);
  try {
    for (const part of parts) {
      await part();
      await early.turn();
    }
    const { runOn } = await import('../run/run-on.ts');
    return await runOn({ ...given, early }, context);
  } finally {
    await early.close();
  }
}

/** What a run needs, in the order in which it does. Each is loaded at one go: in between, hosts that are being connected to get their answers. */
const parts: readonly (() => Promise<unknown>)[] = [
  () => import('../run/load-library.ts'),
  () => import('../run/load-runbook.ts'),
  () => import('../run/open-runbook.ts'),
  () => import('../run/execute.ts'),
];
