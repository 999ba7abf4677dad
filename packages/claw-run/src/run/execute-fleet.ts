import type { Runbook, Target } from '@claw-run/core';
import {
  createJournalStore,
  type FleetEvent,
  type FleetOutcome,
  type RunEvent,
  type RunOutcome,
  runFleet,
  runStatuses,
} from '@claw-run/engine';
import { UsageError } from '../cli/usage-error.ts';
import { type Context, outputOf } from '../context.ts';
import { createFleetRenderer } from '../render/fleet.ts';
import { createFleetJsonRenderer } from '../render/json.ts';
import { reportsOf } from '../report/reports.ts';
import { bindHost } from './bind-host.ts';
import { bindTargets } from './bind-targets.ts';
import { confirmFleet } from './decisions.ts';
import type { Execution } from './execute.ts';
import { fleetHosts, forksOf } from './inventory.ts';
import { whoAmI } from './state-folder.ts';

/** Has the engine run a runbook on many hosts, shown as the flags say. */
export async function executeFleet(
  context: Context,
  execution: Execution,
  target: Target,
): Promise<RunOutcome> {
  const { io, options } = context;
  const { runbook, manner, reach, interrupt } = execution;
  if (options.step === true)
    throw new UsageError(
      '--step asks before each step, and there are many hosts',
      'leave it out, or name one host',
    );
  const journals = createJournalStore(reach.stateFolder);
  const hosts = await fleetHosts(target, reach, () => journals);
  const forks = forksOf(options.forks);
  const reports = reportsOf(options.report ?? [], io.cwd, (text) => io.err(`claw-run: ${text}\n`));
  await reports.prepare();
  const renderer =
    outputOf(context) === 'json'
      ? createFleetJsonRenderer(io)
      : createFleetRenderer(context, { proofs: runbook.verify.map(({ id }) => id), ...manner });
  const shared = await bindTargets(withoutTarget(runbook, target), reach);
  const causes = new Map<string, RunOutcome['causes'][number]>();
  const risks = new Map<string, Set<string>>();
  const events = new Map<string, RunEvent[]>();
  const writing: Promise<void>[] = [];
  let pending = false;

  const emit = (raw: RunEvent | FleetEvent) => {
    const event =
      options.detailedExitcode === true && pending && manner.mode === 'plan' ? withPending(raw) : raw;
    if (event.type === 'cause' && (event.finding === 'found' || !causes.has(event.id)))
      causes.set(event.id, {
        id: event.id,
        title: event.title,
        finding: event.finding,
        because: event.evidence.because,
      });
    if (event.type === 'step.planned' && event.plan === 'change') {
      pending = true;
      const { risk = 'routine' } = event;
      risks.set(risk, (risks.get(risk) ?? new Set()).add(event.name));
    }
    if (options.report !== undefined && 'fleet' in event && event.host !== undefined)
      events.set(event.host, [...(events.get(event.host) ?? []), event as RunEvent]);
    if (event.type === 'host.ended') {
      writing.push(reports.write(events.get(event.host) ?? [], io.redactor, event.host));
      events.delete(event.host);
    }
    renderer.event(event);
  };
  try {
    if (manner.mode === 'apply') await journals.check();
    const outcome = await runFleet({
      runbook,
      target,
      hosts: hosts.map(({ name, where }) => ({ name, connect: () => bindHost(where, reach, name) })),
      shared: shared.connections,
      bindings: shared.bindings,
      forks,
      params: execution.params ?? {},
      facts: execution.facts ?? {},
      journals,
      confirm: (waiting) => confirmFleet({ context, renderer, signal: interrupt.signal }, waiting, risks),
      emit,
      signal: interrupt.signal,
      mode: manner.mode,
      who: whoAmI(),
      redactor: io.redactor,
      ...(options.breakLock === true ? { breakLock: true } : {}),
      ...(execution.extra?.select === undefined ? {} : { select: execution.extra.select }),
      ...(io.env.TRACEPARENT === undefined ? {} : { traceparent: io.env.TRACEPARENT }),
    });
    await Promise.all(writing);
    return asRun(
      outcome,
      [...causes.values()],
      pending && options.detailedExitcode === true && manner.mode === 'plan',
    );
  } finally {
    await shared.close();
  }
}

/** A runbook without the target that stands for many: what its runs share. */
export function withoutTarget(runbook: Runbook, { name }: Target): Pick<Runbook, 'targets'> {
  return { targets: runbook.targets.filter((target) => target.name !== name) };
}

function withPending(event: RunEvent | FleetEvent): RunEvent | FleetEvent {
  const ended = event.type === 'fleet.ended' && event.status === 'ok';
  return ended ? { ...event, status: 'changes-pending', exit: runStatuses['changes-pending'].exit } : event;
}

/** A fleet as commands see a run. */
function asRun(fleet: FleetOutcome, causes: RunOutcome['causes'], pending: boolean): RunOutcome {
  const { run, startedAt, problems, counts } = fleet;
  const status = pending && fleet.status === 'ok' ? 'changes-pending' : fleet.status;
  return {
    run,
    startedAt,
    status,
    exit: runStatuses[status].exit,
    problems,
    counts,
    causes,
    steps: [],
    missingGrants: [],
    missingSudo: [],
  };
}
