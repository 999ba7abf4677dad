import { ClawError, type Connection, type Library, type Redactor, type Runbook } from '@claw-run/core';
import {
  againOnFleet,
  canResume,
  canUndo,
  type FleetEvent,
  type FleetHistory,
  type FleetMember,
  type FleetOpened,
  type FleetOutcome,
  type FleetRecord,
  foldFleet,
  type HostOutcome,
  isGood,
  type Journal,
  type JournalStore,
  noCounts,
  ownedBy,
  type RunEvent,
  type RunOptions,
  type RunOutcome,
  type RunStatus,
  resume,
  rollOutLeft,
  shareConnection,
  undoRun,
} from '@claw-run/engine';
import { bindHost } from './bind-host.ts';
import { bindTargets, type Reach, reachOf } from './bind-targets.ts';
import { bareRunbook, isCutOff, openedOf, openRun, type PastRun, recompiled, runbookOf } from './past-run.ts';

/** A fleet of the past, as its journal and those of its runs tell it. */
export interface PastFleet {
  readonly fleet: string;
  readonly startedAt: string;
  readonly runbook: string;
  readonly runs: readonly PastFleetRun[];
  /** What was agreed to, where that was kept. */
  readonly opened?: FleetOpened | undefined;
  /** The hosts that never came to act and are not known to be well. */
  readonly left: readonly FleetMember[];
  /** How the others ended that cannot be resumed. */
  readonly done: readonly HostOutcome[];
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
  readonly journals: JournalStore;
  readonly redactor: Redactor;
}

/** The fleet that is meant: by its id, or where no run is named and a fleet, or a run of one, is the latest. Nothing for a single run. */
export async function meantFleet(wanted: string | undefined, where: Where): Promise<string | undefined> {
  if (wanted !== undefined) return /^f\d{8}t/.test(wanted) ? wanted : undefined;
  const latest = await latestActing(where);
  const past = await openRun(undefined, where).catch((error: unknown) => {
    if (latest !== undefined && error instanceof ClawError && error.code === 'run-unknown') return undefined;
    throw error;
  });
  await past?.journal.close();
  // ids begin with their time; a fleet may have died before the first of its runs
  const fleetIsLatest = latest !== undefined && latest.slice(1) > (past?.run.slice(1) ?? '');
  return fleetIsLatest ? latest : past?.history.opened?.fleet;
}

/** The latest fleet of which a host was to act. */
async function latestActing({ journals, redactor }: Where): Promise<string | undefined> {
  for (const fleet of (await journals.fleets.list()).toReversed()) {
    const { opened } = await historyOf(journals, fleet, redactor);
    if (opened?.members.length !== 0) return fleet;
  }
  return undefined;
}

/** Reads the journals of a fleet and of its runs. @throws ClawError `run-unknown` */
export async function openFleet(fleet: string, { journals, redactor }: Where): Promise<PastFleet> {
  const ids = await runsOf(journals, fleet);
  const { opened: agreed, ended: how } = await historyOf(journals, fleet, redactor);
  const runs: PastFleetRun[] = [];
  const done: HostOutcome[] = [];
  let { runbook, startedAt } = agreed ?? { runbook: '', startedAt: '' };
  for (const run of ids) {
    const past = await openRun(run, { journals, redactor });
    await past.journal.close();
    const { opened, begun, ended } = past.history;
    if (opened === undefined) continue;
    ({ runbook, startedAt } = opened);
    if (!canResume(past.history)) done.push(outcomeOf(past));
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
  if (runs.length === 0 && agreed === undefined)
    throw new ClawError('run-unknown', `there is no fleet ${fleet}, or none of its hosts came to act`, {
      hint: '`claw-run runs` lists the runs there are, with their fleets',
    });
  // a host whose process died before its first record never began, whatever folder it left
  const begun = new Set(runs.map(({ run }) => run));
  const left = (agreed?.members ?? []).filter(
    ({ hostRun }) => !begun.has(hostRun) && how.get(hostRun)?.status !== 'ok',
  );
  const waiting = new Set(left.map(({ hostRun }) => hostRun));
  const unbegun = [...how.values()].filter(({ hostRun }) => !begun.has(hostRun) && !waiting.has(hostRun));
  return { fleet, startedAt, runbook, runs, opened: agreed, left, done: [...unbegun, ...done] };
}

/** How a run ended that cannot be resumed. */
function outcomeOf({ run, history, journal }: PastRun): HostOutcome {
  const { opened, ended = 'failed' } = history;
  const end = journal.records.findLast((record) => record.type === 'run.ended');
  return {
    host: opened?.host ?? run,
    hostRun: run,
    status: history.reverting && ended === 'ok' ? 'rolled-back' : ended,
    changes: (opened?.steps ?? []).filter(({ plan }) => plan.plan === 'change').length,
    counts: end?.counts ?? noCounts,
    problems: end?.problems ?? [],
  };
}

async function historyOf(store: JournalStore, fleet: string, redactor: Redactor): Promise<FleetHistory> {
  if (!(await store.fleets.list()).includes(fleet)) return { ended: new Map(), hosts: new Map() };
  const journal = await store.fleets.open(fleet, redactor);
  await journal.close();
  return foldFleet(journal.records);
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

/**
 * Goes on with all runs of a fleet that stopped half way, and then with its hosts that never acted; or undoes all that can be, the last host
 * first.
 */
export async function fleetAgain(options: AgainOptions): Promise<FleetOutcome> {
  const { past, how, given } = options;
  const shared = createShared();
  const wanted = past.runs.filter((run) => (how === 'resume' ? run.canResume : run.canUndo));
  const journal = await takeFleet(options);
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
      ...(how === 'undo' ? {} : { done: past.done }),
      ...(how === 'undo' || past.left.length === 0 || journal === undefined
        ? {}
        : { left: (failed: number) => goOnWithLeft(failed, shared, { ...options, journal }) }),
    });
  } finally {
    await journal?.close();
    await shared.close();
  }
}

/** Makes a fleet this process's own, as a run is: who has it goes on with its hosts. @throws ClawError `locked` */
async function takeFleet({
  past,
  journals,
  redactor,
  given,
}: Pick<AgainOptions, 'past' | 'journals' | 'redactor' | 'given'>): Promise<
  Journal<FleetRecord> | undefined
> {
  if (past.opened === undefined) return undefined;
  const journal = await journals.fleets.open(past.fleet, redactor);
  const by = await journal.take(given.breakLock === true ? { force: true } : {});
  if (by === undefined) return journal;
  throw new ClawError('locked', ownedBy(past.fleet, by), {
    hint: `wait for it to end, or stop it: kill ${by.pid}. --break-lock takes the fleet from it`,
  });
}

/** The hosts that never acted, in the batches of the fleet. */
async function goOnWithLeft(
  failed: number,
  shared: Shared,
  options: AgainOptions & { readonly journal: Journal<FleetRecord> },
): Promise<readonly HostOutcome[]> {
  const { past, library, given, emit, forks, journal } = options;
  const { opened, left } = past;
  if (opened === undefined) return [];
  const { libraries, sources } = opened;
  const compiled = await shared.runbookFrom(sources, { run: past.fleet, library });
  const runbook = libraries === undefined ? compiled : { ...compiled, libraries };
  return rollOutLeft({
    ...given,
    runbook,
    opened,
    journal,
    members: left,
    shared: await shared.connections(runbook, reachOf(opened.bindings, options.reach)),
    forks,
    failed,
    emit,
    connect: ({ host, binding }) => {
      const reach = reachOf({ [opened.target]: binding }, options.reach);
      return bindHost(whereOf(opened.target, reach), reach, host);
    },
  });
}

/** Where a target is: what was said last holds. */
function whereOf(target: string, { targets = [] }: Reach): string {
  const pair = targets.findLast((each) => each.startsWith(`${target}=`));
  if (pair === undefined)
    throw new ClawError('journal-damaged', `the journal does not say where ${target} is`);
  return pair.slice(target.length + 1);
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
  readonly runbookFrom: (
    sources: Sources,
    how: { readonly run: string; readonly library: Library },
  ) => Promise<Runbook>;
  readonly runbook: (past: PastRun, options: AgainOptions) => Promise<Runbook>;
  readonly connections: (
    runbook: Runbook,
    reach: Reach,
  ) => Promise<{ readonly [target: string]: Connection }>;
  readonly close: () => Promise<void>;
}

type Sources = { readonly [file: string]: string };

/** What the runs of a fleet have in common is compiled and connected once. */
function createShared(): Shared {
  let compiled: Promise<Runbook> | undefined;
  let bound: ReturnType<typeof bindTargets> | undefined;
  let connections: Promise<{ readonly [target: string]: Connection }> | undefined;
  return {
    runbookFrom(sources, { run, library }) {
      compiled ??= recompiled(sources, library, run);
      return compiled;
    },
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

/**
 * The hosts of a fleet on which something is left to do: by the runs that they have had since, else by what the fleet kept. `@failed` are all of them, `@not-begun`
 * those that never had their turn; of the latest fleet, or of `@failed:FLEET`.
 * @throws ClawError `run-unknown` where there is no such fleet
 */
export async function hostsLeft(word: string, { journals, redactor }: Where): Promise<readonly string[]> {
  const [kind, named] = word.split(':');
  const fleet = named ?? (await journals.fleets.list()).at(-1);
  if (fleet === undefined)
    throw new ClawError('run-unknown', `--limit ${word}: there is no fleet yet`, {
      hint: 'it takes the hosts of a fleet that was run before',
    });
  const journal = await journals.fleets.open(fleet, redactor);
  await journal.close();
  const { ended, hosts } = foldFleet(journal.records);
  const runs = new Set(await runsOf(journals, fleet));
  const left: string[] = [];
  for (const [run, host] of hosts) {
    const own = runs.has(run) ? await statusOfRun(run, { journals, redactor }) : undefined;
    const status = own ?? ended.get(run)?.status ?? 'not-begun';
    if (kind === '@not-begun' ? status === 'not-begun' : !isGood(status)) left.push(host);
  }
  return left;
}

async function statusOfRun(run: string, where: Where): Promise<RunStatus | 'unfinished' | undefined> {
  const { journal, history } = await openRun(run, where);
  await journal.close();
  if (history.opened === undefined) return undefined;
  return history.reverting ? 'rolled-back' : (history.ended ?? 'unfinished');
}

/** The runs of a fleet bear its stamp. */
async function runsOf(store: JournalStore, fleet: string): Promise<readonly string[]> {
  const prefix = `r${fleet.slice(1)}-`;
  return (await store.list()).filter((run) => run.startsWith(prefix));
}
