import type { Library, ParamValue, Redactor, Runbook, Target } from '@claw-run/core';
import { type FleetOutcome, type JournalStore, runFleet } from '@claw-run/engine';
import { bindHost } from '../run/bind-host.ts';
import { bindTargets, type Reach } from '../run/bind-targets.ts';
import { withoutTarget } from '../run/execute-fleet.ts';
import { fleetHosts } from '../run/inventory.ts';
import { fleetAgain, type PastFleet } from '../run/past-fleet.ts';
import { whoAmI } from '../run/state-folder.ts';
import type { RunbookOptions, RunbookOutcome } from './options.ts';

/** Runs a runbook on the hosts of its target that stands for many. */
export async function startFleet(
  runbook: Runbook,
  target: Target,
  how: {
    readonly options: RunbookOptions;
    readonly reach: Reach;
    readonly journals: JournalStore;
    readonly params: { readonly [name: string]: ParamValue };
    readonly redactor: Redactor;
    readonly mode: 'apply' | 'plan' | 'diagnose';
  },
): Promise<RunbookOutcome> {
  const { options, reach, journals, params, redactor, mode } = how;
  const hosts = await fleetHosts(target, reach, () => journals);
  const own = options.connections ?? {};
  const others = withoutTarget(runbook, target).targets.filter(({ name }) => own[name] === undefined);
  const shared = await bindTargets({ targets: others }, reach);
  try {
    const outcome = await runFleet({
      runbook,
      target,
      hosts: hosts.map(({ name, where }) => ({ name, connect: () => bindHost(where, reach, name) })),
      shared: { ...shared.connections, ...own },
      bindings: shared.bindings,
      forks: options.forks ?? 10,
      params,
      journals,
      // a program agrees beforehand, or decides once for all hosts
      confirm: async () => options.decisions?.confirm([], 'run') ?? (options.yes === true ? 'yes' : 'nobody'),
      redactor,
      mode,
      who: whoAmI(),
      ...(options.facts === undefined ? {} : { facts: options.facts }),
      ...(options.onEvent === undefined ? {} : { emit: options.onEvent }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    return asRun(outcome);
  } finally {
    await shared.close();
  }
}

/** Goes on with, or undoes, all runs of a fleet. */
export async function againFleet(
  past: PastFleet,
  how: 'resume' | 'undo',
  given: {
    readonly options: RunbookOptions & { readonly force?: boolean };
    readonly reach: Reach;
    readonly journals: JournalStore;
    readonly library: Library;
    readonly redactor: Redactor;
  },
): Promise<RunbookOutcome> {
  const { options, reach, journals, library, redactor } = given;
  const where = { journals, redactor };
  const outcome = await fleetAgain({
    ...where,
    past,
    how,
    library,
    reach,
    forks: options.forks ?? 10,
    emit: options.onEvent ?? (() => {}),
    ...(options.force === true ? { force: true } : {}),
    given: {
      journals,
      redactor,
      who: whoAmI(),
      ...(options.decisions === undefined ? {} : { decisions: options.decisions }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    },
  });
  return asRun(outcome);
}

function asRun(outcome: FleetOutcome): RunbookOutcome {
  return { ...outcome, causes: [], steps: [], missingGrants: [], missingSudo: [] };
}
