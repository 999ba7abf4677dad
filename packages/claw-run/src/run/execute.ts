import type { Runbook } from '@claw-run/core';
import {
  createJournalStore,
  type RunEvent,
  type RunOptions,
  type RunOutcome,
  run,
  runStatuses,
} from '@claw-run/engine';
import { UsageError } from '../cli/usage-error.ts';
import { type Context, outputOf } from '../context.ts';
import { afterKillLines } from '../render/ending.ts';
import { createHumanRenderer } from '../render/human.ts';
import { createJsonRenderer } from '../render/json.ts';
import type { Manner } from '../render/renderer.ts';
import { reportsOf } from '../report/reports.ts';
import { bindTargets, manyTarget, type Reach } from './bind-targets.ts';
import { createDecisions } from './decisions.ts';
import type { Interrupt } from './interrupt.ts';
import type { Params } from './params.ts';
import { whoAmI } from './state-folder.ts';

export interface Execution {
  readonly runbook: Runbook;
  readonly manner: Manner;
  readonly reach: Reach;
  readonly interrupt: Interrupt;
  /** A saved plan was agreed to when it was made. */
  readonly approved?: boolean;
  /** The run that is resumed or rolled back, which has a journal already. */
  readonly past?: string;
  readonly params?: Params;
  readonly facts?: { readonly [name: string]: string };
  /** What the engine is told besides. */
  readonly extra?: Partial<RunOptions>;
  /** What of the engine is called: `run`, where nothing else is said. */
  readonly work?: (options: RunOptions) => Promise<RunOutcome>;
}

/** Has the engine do its work, shown as the flags say, with reports at the end. */
export async function execute(context: Context, execution: Execution): Promise<RunOutcome> {
  const { io, options } = context;
  const { runbook, manner, reach, interrupt } = execution;
  const many = execution.work === undefined ? manyTarget(runbook, reach) : undefined;
  if (many !== undefined) {
    const { executeFleet } = await import('./execute-fleet.ts');
    return executeFleet(context, execution, many);
  }
  if (options.hosts !== undefined)
    throw new UsageError(
      `${runbook.name} has no target that stands for many hosts`,
      'bind its target with --target NAME=HOST',
    );
  const reports = reportsOf(options.report ?? [], io.cwd, (text) => io.err(`claw-run: ${text}\n`));
  await reports.prepare();
  const renderer =
    outputOf(context) === 'json'
      ? createJsonRenderer(io)
      : createHumanRenderer(context, { proofs: runbook.verify.map(({ id }) => id), ...manner });
  const journals = createJournalStore(reach.stateFolder);
  if (manner.mode === 'apply') await journals.check();
  const bound = await bindTargets(runbook, reach);
  const events: RunEvent[] = [];
  const kept = (run: string) =>
    interrupt.onEndAtOnce(manner.practice === true ? [] : afterKillLines(run, manner));
  let pending = false;
  const emit = (event: RunEvent) => {
    if (event.type === 'step.planned' && event.plan === 'change') pending = true;
    const shown = options.detailedExitcode === true && pending ? withPending(event, manner) : event;
    events.push(shown);
    renderer.event(shown);
  };
  if (execution.past !== undefined) kept(execution.past);
  try {
    const outcome = await (execution.work ?? run)({
      runbook,
      connections: bound.connections,
      bindings: bound.bindings,
      params: execution.params ?? {},
      facts: execution.facts ?? {},
      journals: {
        ...journals,
        create: async (run, redactor) => {
          const journal = await journals.create(run, redactor);
          kept(run);
          return journal;
        },
      },
      decisions: createDecisions({
        context,
        renderer,
        signal: interrupt.signal,
        targets: new Map(Object.entries(bound.connections).map(([name, each]) => [name, each.name])),
        approved: execution.approved,
        past: execution.past,
      }),
      emit,
      signal: interrupt.signal,
      mode: manner.mode,
      who: whoAmI(),
      redactor: io.redactor,
      ...(options.breakLock === true ? { breakLock: true } : {}),
      ...(io.env.TRACEPARENT === undefined ? {} : { traceparent: io.env.TRACEPARENT }),
      ...execution.extra,
    });
    await reports.write(events, io.redactor);
    const last = events.findLast((event) => event.type === 'run.ended');
    return last?.type === 'run.ended' ? { ...outcome, status: last.status, exit: last.exit } : outcome;
  } finally {
    await bound.close();
  }
}

/** With `--detailed-exitcode`, a plan with changes ends with a status of its own. */
function withPending(event: RunEvent, { mode }: Manner): RunEvent {
  if (event.type !== 'run.ended' || event.status !== 'ok' || mode !== 'plan') return event;
  return { ...event, status: 'changes-pending', exit: runStatuses['changes-pending'].exit };
}
