import { existsSync } from 'node:fs';
import {
  ClawError,
  createLibrary,
  createRedactor,
  type Library,
  type Redactor,
  type Runbook,
} from '@claw-run/core';
import {
  createJournalStore,
  type Decisions,
  foldJournal,
  type JournalStore,
  type RunOptions,
  type RunOutcome,
  resume,
  run,
  type StateFolder,
  unattended,
  undoRun,
} from '@claw-run/engine';
import type { Io } from '../io.ts';
import { bindTargets, manyTarget, type Reach, reachOf } from '../run/bind-targets.ts';
import type { HostWays } from '../run/host-reach.ts';
import { definitionsIn, loadTransports, standardDefinitions } from '../run/load-library.ts';
import { loadRunbook } from '../run/load-runbook.ts';
import { collectParams } from '../run/params.ts';
import { openFleet } from '../run/past-fleet.ts';
import { bareRunbook, openedOf, type PastRun, runbookOf } from '../run/past-run.ts';
import { type Given, withLibrariesOf } from '../run/runbook-libraries.ts';
import { defaultState, whoAmI } from '../run/state-folder.ts';
import { checkedTransports } from '../run/transports.ts';
import type { RunbookOptions, RunbookOutcome } from './options.ts';
import { againFleet, startFleet } from './run-fleet.ts';

/**
 * Diagnoses, plans, acts and verifies: what `claw-run RUNBOOK` does. Takes a file, or a runbook that `defineRunbook` made.
 * @throws ClawError for what is wrong with the runbook, its parameters or its targets; a run that fails ends with a status
 */
export async function runRunbook(
  source: string | Runbook,
  options: RunbookOptions = {},
): Promise<RunbookOutcome> {
  return start(source, options, 'apply');
}

/** Diagnoses and plans; changes nothing. */
export async function planRunbook(
  source: string | Runbook,
  options: RunbookOptions = {},
): Promise<RunbookOutcome> {
  return start(source, options, 'plan');
}

/** Tells which causes an incident has; changes nothing. */
export async function diagnoseRunbook(
  source: string | Runbook,
  options: RunbookOptions = {},
): Promise<RunbookOutcome> {
  return start(source, options, 'diagnose');
}

/**
 * Rolls back a run, the last step first; with `force` also what someone else has changed since. To call it is to agree to it, unless there are `decisions`,
 * which are shown the plan and asked.
 */
export async function undoPastRun(
  id: string,
  options: RunbookOptions & { force?: boolean } = {},
): Promise<RunbookOutcome> {
  if (isFleet(id)) return pastFleet(id, 'undo', options);
  const { past, given, reach, journals, redactor } = await openPast(id, options);
  const { runbook: name, bindings } = openedOf(past);
  const library = await libraryOf(given);
  const runbook = await runbookOf(past, library).catch(() => bareRunbook(name, bindings));
  return engage({ runbook, reach: reachOf(bindings, reach), journals }, agreed(given), (more) =>
    undoRun({
      ...more,
      redactor,
      journal: past.journal,
      definition: (step) => {
        const found = library.get(step);
        return found?.type === 'state' || found?.type === 'event' ? found : undefined;
      },
      ...(options.force === true ? { force: true } : {}),
    }),
  );
}

/** Resumes a run that stopped half way. To call it is to agree to it, unless there are `decisions`, which are shown what is left and asked. */
export async function resumePastRun(id: string, options: RunbookOptions = {}): Promise<RunbookOutcome> {
  if (isFleet(id)) return pastFleet(id, 'resume', options);
  const { past, given, reach, journals, redactor } = await openPast(id, options);
  const runbook = await runbookOf(past, await libraryOf(given));
  return engage(
    { runbook, reach: reachOf(openedOf(past).bindings, reach), journals },
    agreed(given),
    (more) => resume({ ...more, redactor, journal: past.journal }),
  );
}

async function pastFleet(
  id: string,
  how: 'resume' | 'undo',
  options: RunbookOptions & { force?: boolean },
): Promise<RunbookOutcome> {
  const { journals, redactor } = reachFrom(options);
  const past = await openFleet(id, { journals, redactor });
  const given = await withModules(options, keptOf(options, past.opened?.libraries));
  return againFleet(past, how, {
    options: given,
    library: await libraryOf(given),
    ...reachFrom(given, redactor),
  });
}

/** A run of the past, and what it takes to work on it: with the modules that its steps are from, where the program lets them be loaded. */
async function openPast<O extends RunbookOptions>(id: string, options: O) {
  const { journals, redactor } = reachFrom(options);
  const past = await open(id, journals, redactor);
  const given = await withModules(options, keptOf(options, openedOf(past).libraries));
  return { past, given, ...reachFrom(given, redactor) };
}

function keptOf({ allowLibraries }: RunbookOptions, libraries: readonly string[] = []): readonly string[] {
  return allowLibraries === true ? libraries.filter((file) => existsSync(file)) : [];
}

async function start(source: string | Runbook, given: RunbookOptions, mode: 'apply' | 'plan' | 'diagnose') {
  const named = typeof source === 'string' ? await modulesOf(source, given) : [];
  const options = await withModules(given, named);
  const runbook = typeof source === 'string' ? await compile(source, options, named) : source;
  const { reach, journals, redactor } = reachFrom(options);
  const io = ioOf(options, redactor);
  const params = await collectParams(
    runbook.params,
    { io, options: {}, typed: {}, operands: [] },
    options.params,
  );
  if (mode === 'apply') await journals.check();
  const bound = new Set(Object.keys(options.connections ?? {}));
  const many = manyTarget({ targets: runbook.targets.filter(({ name }) => !bound.has(name)) }, reach);
  if (many !== undefined)
    return startFleet(runbook, many, { options, reach, journals, params, redactor, mode });
  return engage({ runbook, reach, journals }, options, (given) => run({ ...given, params, redactor, mode }));
}

/** The modules that a runbook file names. @throws ClawError `untrusted` where they are not to be loaded */
async function modulesOf(file: string, options: RunbookOptions): Promise<readonly string[]> {
  const { allowLibraries = false } = options;
  const call: Given = { io: ioOf(options, createRedactor()), options: { allowLibraries } };
  return (await withLibrariesOf(file, call)).options.library ?? [];
}

/** The options of a program with what modules export, besides what it gives itself. */
async function withModules<O extends RunbookOptions>(options: O, files: readonly string[]): Promise<O> {
  if (files.length === 0) return options;
  const { library = await standardDefinitions(), transports = [], cwd = process.cwd() } = options;
  const definitions = await Promise.all(files.map((file) => definitionsIn(file, cwd)));
  const ways = await loadTransports(files, cwd);
  return { ...options, library: [...library, ...definitions.flat()], transports: [...transports, ...ways] };
}

async function compile(
  file: string,
  options: RunbookOptions,
  libraries: readonly string[],
): Promise<Runbook> {
  const loaded = await loadRunbook(file, await libraryOf(options), options.cwd);
  if (loaded.ok) return libraries.length === 0 ? loaded.runbook : { ...loaded.runbook, libraries };
  const [first] = loaded.problems;
  throw new ClawError(first?.code ?? 'runbook-invalid', `${file}: ${first?.message}`, {
    problems: loaded.problems,
  });
}

async function engage(
  {
    runbook,
    reach,
    journals,
  }: { readonly runbook: Runbook; readonly reach: Reach; readonly journals: JournalStore },
  options: RunbookOptions,
  work: (given: RunOptions) => Promise<RunOutcome>,
): Promise<RunOutcome> {
  const own = options.connections ?? {};
  const others = { ...runbook, targets: runbook.targets.filter(({ name }) => own[name] === undefined) };
  const bound = await bindTargets(others, reach);
  try {
    return await work({
      runbook,
      connections: { ...bound.connections, ...own },
      bindings: bound.bindings,
      journals,
      decisions: options.decisions ?? (options.yes === true ? unattended : nobody),
      who: whoAmI(),
      ...(options.facts === undefined ? {} : { facts: options.facts }),
      ...(options.onEvent === undefined ? {} : { emit: options.onEvent }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } finally {
    await bound.close();
  }
}

function agreed(options: RunbookOptions): RunbookOptions {
  return { ...options, decisions: options.decisions ?? unattended };
}

async function open(id: string, journals: JournalStore, redactor: Redactor): Promise<PastRun> {
  const journal = await journals.open(id, redactor);
  return { run: id, journal, history: foldJournal(journal.records) };
}

async function libraryOf({ library }: RunbookOptions): Promise<Library> {
  return createLibrary(library ?? (await standardDefinitions()));
}

/** Where targets are, and who knows the secrets that it takes to get there. */
function reachFrom(
  options: RunbookOptions,
  redactor: Redactor = createRedactor(),
): {
  readonly reach: Reach;
  readonly journals: JournalStore;
  readonly redactor: Redactor;
} {
  const { kubeconfig, context, bin, env = process.env, cwd = process.cwd() } = options;
  const { password, passphrase } = options.ssh ?? {};
  const targets = Object.entries(options.targets ?? {}).map(([name, where]) => `${name}=${where}`);
  for (const secret of [password, passphrase, options.sudoPassword])
    if (secret !== undefined) redactor.add(secret);
  const reach = {
    kubeconfig,
    context,
    bin,
    targets,
    hosts: options.hosts,
    limit: options.limit,
    transports: checkedTransports(
      (options.transports ?? []).map((transport) => ({
        transport,
        from: `the transport "${transport.summary}"`,
      })),
    ),
    ways: waysOf(options),
    answers: {
      sudoPassword: () => Promise.resolve(options.sudoPassword),
      ask: {
        ...(password === undefined ? {} : { password: () => Promise.resolve(password) }),
        ...(passphrase === undefined ? {} : { passphrase: () => Promise.resolve(passphrase) }),
      },
    },
    env,
    cwd,
    stateFolder: stateOf(options, env),
    onSecret: redactor.add,
  };
  return { reach, journals: options.journals ?? createJournalStore(reach.stateFolder), redactor };
}

function stateOf({ stateDir, keyFile }: RunbookOptions, env: NodeJS.ProcessEnv): StateFolder {
  const usual = defaultState(env);
  return { path: stateDir ?? usual.path, keyFile: keyFile ?? usual.keyFile };
}

function waysOf({ ssh = {}, idleSeconds }: RunbookOptions): HostWays {
  const { config, knownHosts, identities, connectSeconds } = ssh;
  return {
    ...(config === undefined ? {} : { sshConfig: config }),
    ...(knownHosts === undefined ? {} : { knownHosts }),
    ...(identities === undefined ? {} : { identities }),
    ...(connectSeconds === undefined ? {} : { connectSeconds }),
    ...(idleSeconds === undefined ? {} : { idleSeconds }),
  };
}

/** Fleets and runs are told apart by their ids. */
function isFleet(id: string): boolean {
  return /^f\d{8}t/.test(id);
}

const nobody: Decisions = { ...unattended, confirm: () => Promise.resolve('nobody') };

function ioOf({ env = process.env, cwd = process.cwd() }: RunbookOptions, redactor: Redactor): Io {
  return { ...silent, redactor, env, cwd };
}

/** A program is not written to and not asked. */
const silent: Omit<Io, 'redactor' | 'env' | 'cwd'> = {
  out: () => {},
  json: () => {},
  hideVariable: () => {},
  err: () => {},
  color: { out: false, err: false },
  width: 100,
  canAsk: false,
  outIsTerminal: false,
  live: false,
  readStdin: () => Promise.resolve(Buffer.alloc(0)),
};
