import { dirname, join } from 'node:path';
import type { Runbook, Transport } from '@claw-run/core';
import { listOf } from '../cli/flags.ts';
import type { Context } from '../context.ts';
import type { Reach } from './bind-targets.ts';
import { type Answers, answersOf, type HostWays, hostWays } from './host-reach.ts';
import type { Interrupt } from './interrupt.ts';
import { stateFolder } from './state-folder.ts';

/** Where the targets are, and the parameters that only a practice world knows. */
export interface OpenReach {
  readonly reach: Reach;
  readonly params: { readonly [name: string]: string | number };
  readonly close: () => Promise<void>;
}

/** Where the targets are by the command line alone. @throws UsageError */
export function reachOfFlags(context: Context): Reach {
  const { io, options } = context;
  const ways = hostWays(options, io.cwd);
  const known = new Map<string, Answers>();
  const answersFor = (some: HostWays) => {
    // the same ways for many hosts are the same questions, asked once
    const key = JSON.stringify(some);
    const answers = known.get(key) ?? answersOf(some, io, io.canAsk && options.output !== 'json');
    known.set(key, answers);
    return answers;
  };
  return {
    kubeconfig: options.kubeconfig,
    context: options.context,
    targets: options.target,
    hosts: options.hosts,
    limit: options.limit,
    ways,
    answers: answersFor(ways),
    answersFor,
    env: io.env,
    cwd: io.cwd,
    stateFolder: stateFolder(context),
    onSecret: io.redactor.add,
  };
}

async function transportsOf({ io, options }: Context): Promise<readonly Transport[]> {
  const { loadTransports } = await import('./load-library.ts');
  return loadTransports(options.library, io.cwd);
}

/**
 * Where the targets are; with `--sandbox`, in a practice world that is started for this run: a head node for a runbook that works on hosts alone, a
 * cluster for any other.
 */
export async function openReach(
  context: Context,
  interrupt: Interrupt,
  runbook: Pick<Runbook, 'targets' | 'params'> = { targets: [], params: [] },
  flags: Reach = reachOfFlags(context),
): Promise<OpenReach> {
  const { io, options } = context;
  const given = options.library === undefined ? flags : { ...flags, transports: await transportsOf(context) };
  const scenarios = listOf(options.sandbox);
  if (scenarios.length === 0) return { reach: given, params: {}, close: () => Promise.resolve() };
  const how = { io, signal: interrupt.signal, quiet: options.quiet === true };
  if (runbook.targets.length > 0 && runbook.targets.every(({ kind }) => kind === 'host')) {
    const { startPracticeHeadNode } = await import('./practice-head-node.ts');
    const { bin, params, close } = await startPracticeHeadNode(scenarios, how);
    const local = runbook.targets.map(({ name }) => `${name}=local`);
    const declared = runbook.params.map(({ name }) => name);
    return {
      reach: {
        ...given,
        bin,
        targets: [...local, ...(given.targets ?? [])],
        // a world of its own has a lock of its own
        ways: { ...given.ways, lockFolder: join(dirname(bin), 'locks') },
        practice: true,
      },
      params: Object.fromEntries(Object.entries(params).filter(([name]) => declared.includes(name))),
      close,
    };
  }
  const { startPractice } = await import('./practice.ts');
  const practice = await startPractice(scenarios, how);
  return {
    reach: {
      ...given,
      kubeconfig: practice.kubeconfig,
      context: undefined,
      bin: practice.bin,
      practice: true,
    },
    params: {},
    close: practice.close,
  };
}
