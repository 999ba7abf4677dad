import { ClawError, type Connection, type Library, type Redactor, type Runbook } from '@claw-run/core';
import {
  againOnFleet,
  createJournalStore,
  type FleetEvent,
  type FleetOutcome,
  type JournalStore,
  type RunEvent,
  type RunOptions,
  type RunOutcome,
  resume,
  shareConnection,
  undoRun,
} from '@claw-run/engine';
import { bindTargets, type Reach, reachOf } from './bind-targets.ts';
import {
  bareRunbook,
  canResume,
  canUndo,
  isCutOff,
  openedOf,
  openRun,
  type PastRun,
  runbookOf,
} from './past-run.ts';

/** A fleet of the past, as the journals of its runs tell it. Those of its hosts that never came to act have none. */
export interface PastFleet {
  readonly fleet: string;
  readonly startedAt: string;
  readonly runbook: string;
  readonly runs: readonly PastFleetRun[];
}

export interface PastFleetRun {
  readonly run: string;
  readonly host: string;
  readonly status: string;
  readonly canUndo: boolean;
  readonly canResume: boolean;
  /** Names of the steps that are not undone, the last first. */
  readonly steps: readonly string[];
}

interface Where {
  readonly folder: string;
  readonly redactor: Redactor;
}

/** The fleet that is meant: by its id, or where no run is named and the latest is one of a fleet. Nothing for a single run. */
export async function meantFleet(wanted: string | undefined, where: Where): Promise<string | undefined> {
  if (wanted !== undefined) return /^f\d{8}t/.test(wanted) ? wanted : undefined;
  const past = await openRun(undefined, where);
  await past.journal.close();
  return past.history.opened?.fleet;
}

/** Reads the journals of a fleet's runs. @throws ClawError `run-unknown` */
export async function openFleet(fleet: string, { folder, redactor }: Where): Promise<PastFleet> {
  const ids = await runsOf(createJournalStore(folder), fleet);
  const runs: PastFleetRun[] = [];
  let runbook = '';
  let startedAt = '';
  for (const run of ids) {
    const past = await openRun(run, { folder, redactor });
    await past.journal.close();
    const { opened, begun, ended } = past.history;
    if (opened === undefined) continue;
    ({ runbook, startedAt } = opened);
    runs.push({
      run,
      host: opened.host ?? run,
      status: ended ?? 'unfinished',
      canUndo: canUndo(past.history) || isCutOff(past.history),
      canResume: canResume(past.history),
      steps: begun
        .filter(({ reverted }) => !reverted)
        .map(({ step }) => step.name)
        .toReversed(),
    });
  }
  if (runs.length === 0)
    throw new ClawError('run-unknown', `there is no fleet ${fleet}, or none of its hosts came to act`, {
      hint: '`claw-run runs` lists the runs there are, with their fleets',
    });
  return { fleet, startedAt, runbook, runs };
}

export interface AgainOptions extends Where {
  readonly past: PastFleet;
  readonly how: 'resume' | 'undo';
  readonly library: Library;
  readonly reach: Reach;
  readonly forks: number;
  readonly force?: boolean;
  /** What each run is told besides. */
  readonly given: Omit<RunOptions, 'runbook' | 'connections' | 'bindings' | 'emit'>;
  readonly emit: (event: RunEvent | FleetEvent) => void;
}

/** Goes on with all runs of a fleet that stopped half way, or undoes all that can be, the last host first. */
export async function fleetAgain(options: AgainOptions): Promise<FleetOutcome> {
  const { past, how, given } = options;
  const shared = createShared();
  const wanted = past.runs.filter((run) => (how === 'resume' ? run.canResume : run.canUndo));
  try {
    return await againOnFleet({
      fleet: past.fleet,
      startedAt: past.startedAt,
      forks: options.forks,
      emit: options.emit,
      ...(given.signal === undefined ? {} : { signal: given.signal }),
      hosts: (how === 'undo' ? wanted.toReversed() : wanted).map(({ run, host }) => ({
        host,
        hostRun: run,
        work: () => again(run, shared, options),
      })),
    });
  } finally {
    await shared.close();
  }
}

async function again(run: string, shared: Shared, options: AgainOptions): Promise<RunOutcome> {
  const { how, library, given, emit, force } = options;
  const past = await openRun(run, options);
  const runbook = await shared.runbook(past, options);
  const { bindings } = openedOf(past);
  const reach = reachOf(bindings, options.reach);
  const own = await bindTargets({ targets: runbook.targets.filter(({ many }) => many) }, reach);
  try {
    const connections = { ...(await shared.connections(runbook, reach)), ...own.connections };
    const all = { ...given, runbook, connections, bindings, emit, journal: past.journal };
    if (how === 'resume') return await resume(all);
    return await undoRun({
      ...all,
      definition: (id) => {
        const found = library.get(id);
        return found?.type === 'state' || found?.type === 'event' ? found : undefined;
      },
      ...(force === true ? { force: true } : {}),
    });
  } finally {
    await own.close();
  }
}

interface Shared {
  readonly runbook: (past: PastRun, options: AgainOptions) => Promise<Runbook>;
  readonly connections: (
    runbook: Runbook,
    reach: Reach,
  ) => Promise<{ readonly [target: string]: Connection }>;
  readonly close: () => Promise<void>;
}

/** What the runs of a fleet have in common is compiled and connected once. */
function createShared(): Shared {
  let compiled: Promise<Runbook> | undefined;
  let bound: ReturnType<typeof bindTargets> | undefined;
  let connections: Promise<{ readonly [target: string]: Connection }> | undefined;
  return {
    runbook(past, { how, library }) {
      compiled ??= runbookOf(past, library).catch((error: unknown) => {
        if (how === 'resume') throw error;
        const { runbook, bindings, host } = openedOf(past);
        const bare = bareRunbook(runbook, bindings);
        return host === undefined
          ? bare
          : { ...bare, targets: bare.targets.map((target) => ({ ...target, many: target.kind === 'host' })) };
      });
      return compiled;
    },
    connections(runbook, reach) {
      const others = { targets: runbook.targets.filter(({ many }) => !many) };
      const names = others.targets.map(({ name }) => name);
      const targets = (reach.targets ?? []).filter((pair) =>
        names.some((name) => pair.startsWith(`${name}=`)),
      );
      bound ??= bindTargets(others, { ...reach, targets });
      connections ??= bound.then((each) =>
        Object.fromEntries(
          Object.entries(each.connections).map(([name, connection]) => [name, shareConnection(connection)]),
        ),
      );
      return connections;
    },
    close: async () => {
      await (await bound?.catch(() => undefined))?.close();
    },
  };
}

/** The runs of a fleet bear its stamp. */
async function runsOf(store: JournalStore, fleet: string): Promise<readonly string[]> {
  const prefix = `r${fleet.slice(1)}-`;
  return (await store.list()).filter((run) => run.startsWith(prefix));
}
