import { UsageError } from '../cli/usage-error.ts';
import type { Context } from '../context.ts';

/** `claw-run sandbox up|down`: the practice worlds. */
export async function call(context: Context): Promise<number> {
  const [verb = '', ...rest] = context.operands;
  if (verb === 'up') return (await import('../sandbox/up.ts')).up(context, rest);
  if (verb === 'down' && rest.length === 0) return (await import('../sandbox/down.ts')).down(context);
  if (verb === 'down')
    throw new UsageError('sandbox down takes nothing more: it ends those that were left with --detach');
  throw new UsageError(
    `sandbox does not know ${JSON.stringify(verb)}`,
    'there are: sandbox up [SCENARIO...], sandbox up scheduler [SCENARIO...], sandbox down',
  );
}
