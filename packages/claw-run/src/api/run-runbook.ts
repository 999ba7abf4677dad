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
import { definitionsIn, standardDefinitions } from '../run/load-library.ts';
import { loadRunbook } from '../run/load-runbook.ts';
import { collectParams } from '../run/params.ts';
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
  if (isFleet(id))
    return againFleet(id, 'undo', {
      options,
      library: await libraryOf(options),
      ...reachFrom(options),
    });
  const { reach, journals, redactor } = reachFrom(options);
  const past = await open(id, journals, redactor);
  const { runbook: name, bindings, libraries } = openedOf(past);
  const library = await libraryOf(options, libraries);
  const runbook = await runbookOf(past, library).catch(() => bareRunbook(name, bindings));
  return engage({ runbook, reach: reachOf(bindings, reach), journals }, agreed(options), (given) =>
    undoRun({
      ...given,
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
  if (isFleet(id)) {
    const library = await libraryOf(options);
    return againFleet(id, 'resume', {
      options,
      library,
      ...reachFrom(options),
    });
  }
  const { reach: given, journals, redactor } = reachFrom(options);
  const past = await open(id, journals, redactor);
  const { bindings, libraries } = openedOf(past);
  const runbook = await runbookOf(past, await libraryOf(options, libraries));
  const reach = reachOf(bindings, given);
  return engage({ runbook, reach, journals }, agreed(options), (more) =>
    resume({ ...more, redactor, journal: past.journal }),
  );
}

async function start(source: string | Runbook, options: RunbookOptions, mode: 'apply' | 'plan' | 'diagnose') {
  const runbook = typeof source === 'string' ? await compile(source, options) : source;
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

async function compile(file: string, options: RunbookOptions): Promise<Runbook> {
  const io = ioOf(options, createRedactor());
  const { allowLibraries = false } = options;
  const call: Given = { io, options: { allowLibraries } };
  const named = (await withLibrariesOf(file, call)).options.library;
  // what is named and not allowed was refused just now; a trusted folder allows it
  const library = await libraryOf({ ...options, allowLibraries: true }, named);
  const loaded = await loadRunbook(file, library, io.cwd);
  if (loaded.ok) return named === undefined ? loaded.runbook : { ...loaded.runbook, libraries: named };
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

/** The steps of a program, and where it allows that, those of the modules that a runbook or a journal names. */
async function libraryOf(options: RunbookOptions, files: readonly string[] = []): Promise<Library> {
  const { library = await standardDefinitions(), allowLibraries, cwd = process.cwd() } = options;
  const wanted = allowLibraries === true ? files : [];
  return createLibrary(library, ...(await Promise.all(wanted.map((file) => definitionsIn(file, cwd)))));
}

/** Where targets are, and who knows the secrets that it takes to get there. */
function reachFrom(options: RunbookOptions): {
  readonly reach: Reach;
  readonly journals: JournalStore;
  readonly redactor: Redactor;
} {
  const redactor = createRedactor();
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
