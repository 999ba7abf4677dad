import type { Context } from '../context.ts';
import type { Reach } from './bind-targets.ts';
import { answersOf, hostWays } from './host-reach.ts';
import type { Interrupt } from './interrupt.ts';
import { stateFolder } from './state-folder.ts';

/** Where the targets are by the command line; with `--sandbox`, a practice cluster that is started for this run. */
export async function openReach(
  context: Context,
  interrupt: Interrupt,
): Promise<{ readonly reach: Reach; readonly close: () => Promise<void> }> {
  const { io, options } = context;
  const ways = hostWays(options, io.cwd);
  const given: Reach = {
    kubeconfig: options.kubeconfig,
    context: options.context,
    targets: options.target,
    hosts: options.hosts,
    limit: options.limit,
    ways,
    answers: answersOf(ways, io, io.canAsk && options.output !== 'json'),
    env: io.env,
    cwd: io.cwd,
    stateFolder: stateFolder(context),
  };
  const scenarios = (options.sandbox ?? []).flatMap((each) => each.split(',')).filter((each) => each !== '');
  if (scenarios.length === 0) return { reach: given, close: () => Promise.resolve() };
  const { startPractice } = await import('./practice.ts');
  const practice = await startPractice(scenarios, {
    io,
    signal: interrupt.signal,
    quiet: options.quiet === true,
  });
  return {
    reach: {
      ...given,
      kubeconfig: practice.kubeconfig,
      context: undefined,
      bin: practice.bin,
      practice: true,
    },
    close: practice.close,
  };
}
