import {
  type AnyEvent,
  type AnyState,
  ClawError,
  type Connection,
  createRedactor,
  type JsonObject,
  type ParamValue,
  type PlannedStep,
  type Problem,
  problemOf,
  type Redactor,
  type Runbook,
  secretsIn,
} from '@claw-run/core';
import { type Decisions, unattended } from './decisions.ts';
import { type Diagnosis, diagnose } from './diagnose.ts';
import type { JournalRecord, RunEvent } from './event.ts';
import { deniedGrants, type Grant, grantsOfRead, missingGrants, unique } from './grant.ts';
import { foldJournal, type History } from './history.ts';
import type { Journal, JournalStore } from './journal-file.ts';
import { type Locks, lockTargets } from './lock.ts';
import { changedIds, planSteps } from './plan.ts';
import { missingReadGrants } from './read-grants.ts';
import { isComplete, rollBack } from './roll-back.ts';
import { runSteps } from './run-steps.ts';
import { createSession, type Session } from './session.ts';
import { type RunStatus, runStatuses } from './status.ts';
import { planProofs, rehearse, verify } from './verify.ts';
import type { World } from './world.ts';

export interface RunOptions {
  readonly runbook: Runbook;
  readonly connections: { readonly [target: string]: Connection };
  readonly params?: { readonly [name: string]: ParamValue };
  /** Named groups of symptoms that were found in a log. */
  readonly facts?: { readonly [name: string]: string };
  readonly journals: JournalStore;
  readonly decisions?: Decisions;
  readonly emit?: (event: RunEvent) => void;
  /** Interrupts: the run stops after the action in hand. */
  readonly signal?: AbortSignal;
  /** `apply` does it all; `plan` reads and tells; `diagnose` stops after the causes. */
  readonly mode?: 'apply' | 'plan' | 'diagnose';
  /** Why a step is left out, or nothing. */
  readonly select?: (id: string) => string | undefined;
  readonly who: string;
  /** What it takes to find the same targets again; kept in the journal. */
  readonly bindings?: JsonObject;
  readonly breakLock?: boolean;
  readonly now?: () => Date;
  /** Run id and start as agreed in a saved plan. */
  readonly identity?: { readonly run: string; readonly startedAt: string };
  /** Gives the problem when the plan is not the one that was agreed to. */
  readonly agreed?: (planned: readonly PlannedStep[]) => Problem | undefined;
  readonly redactor?: Redactor;
}

/** How a run ended. */
export interface RunOutcome {
  readonly run: string;
  readonly startedAt: string;
  readonly status: RunStatus;
  readonly exit: number;
  readonly problems: readonly Problem[];
  readonly causes: Diagnosis['causes'];
  readonly steps: readonly PlannedStep[];
  readonly missingGrants: readonly Grant[];
}

/** Diagnose, plan, preflight, confirm, act, verify; on failure roll back. Never throws for what a user can mend. */
export async function run(options: RunOptions): Promise<RunOutcome> {
  const context = createContext(options);
  return context.conclude(async () => {
    const { session } = context;
    await announce(session);
    const diagnosis = await diagnose(session);
    context.causes = diagnosis.causes;
    if (diagnosis.blocked.length > 0) return refuseUnread(context, diagnosis.blocked);
    if (options.mode === 'diagnose') return ended('ok');
    const planned = await planSteps(session, options.select ?? (() => undefined));
    context.steps = planned;
    return decide(context, planned);
  });
}

/** Goes on with a run that stopped half way: what was done is found by looking. */
export async function resume(options: RunOptions & { readonly journal: Journal }): Promise<RunOutcome> {
  const { opened, reverting, ended: over, begun } = foldJournal(options.journal.records);
  if (opened === undefined)
    throw new ClawError('journal-damaged', 'the journal does not say what was planned');
  const identity = { run: opened.run, startedAt: opened.startedAt };
  const context = createContext(
    { ...options, identity, params: opened.params as RunOptions['params'] & object },
    options.journal,
  );
  return context.conclude(async () => {
    const { session } = context;
    if (over === 'ok') return ended('ok');
    if (reverting) {
      return ended('refused', [
        {
          code: 'usage',
          message: `run ${opened.run} was being undone`,
          hint: `claw-run rollback ${opened.run} goes on with that`,
        },
      ]);
    }
    restoreScope(session, opened);
    context.steps = opened.steps;
    context.proofs = opened.proofs;
    await session.keepIn(options.journal.append);
    await session.record({ type: 'journal.resumed', who: options.who });
    await announce(session);
    const acting = new Set([...changedIds(opened.steps), ...begun.map(({ id }) => id)]);
    const targets = opened.steps.filter(({ id }) => acting.has(id)).map(({ on }) => on);
    return locked(context, targets, (locks) => act(context, opened.steps, locks));
  });
}

/** Undoes a run from its journal, the last step first. */
export async function undoRun(
  options: RunOptions & {
    readonly journal: Journal;
    readonly definition: (id: string) => AnyState | AnyEvent | undefined;
    readonly force?: boolean;
  },
): Promise<RunOutcome> {
  const { opened, begun } = foldJournal(options.journal.records);
  if (opened === undefined) throw new ClawError('journal-damaged', 'the journal does not say what was done');
  const context = createContext(
    { ...options, identity: { run: opened.run, startedAt: opened.startedAt } },
    options.journal,
  );
  return context.conclude(async () => {
    const { session } = context;
    await session.keepIn(options.journal.append);
    return locked(
      context,
      // those of a run that died before its first action too: its lock is still there
      [...begun.map(({ step }) => step.on), ...changing(opened.steps)],
      async () => {
        const reverted = await rollBack(session, begun, {
          definition: options.definition,
          ...(options.force ? { force: true } : {}),
        });
        const left = reverted.filter(({ outcome }) => outcome === 'conflict' || outcome === 'failed');
        return isComplete(reverted)
          ? ended('ok')
          : ended(
              'roll-back-incomplete',
              left.map(({ id, because }) => ({ code: 'conflict', message: `${id}: ${because}` })),
            );
      },
    );
  });
}

/** The targets of the steps that change something. */
function changing(steps: readonly PlannedStep[]): readonly string[] {
  return steps.filter(({ plan }) => plan.plan === 'change').map(({ on }) => on);
}

interface Ended {
  readonly status: RunStatus;
  readonly problems: readonly Problem[];
}

interface Context {
  readonly options: RunOptions;
  readonly session: Session;
  readonly history: () => History;
  readonly decisions: Decisions;
  causes: Diagnosis['causes'];
  steps: readonly PlannedStep[];
  proofs: readonly PlannedStep[];
  missing: readonly Grant[];
  journal: Journal | undefined;
  readonly conclude: (work: () => Promise<Ended>) => Promise<RunOutcome>;
}

function createContext(options: RunOptions, journal?: Journal): Context {
  const now = options.now ?? (() => new Date());
  const { run: id, startedAt } = options.identity ?? newIdentity(now());
  const redactor = options.redactor ?? createRedactor();
  for (const secret of secretsIn(options.params)) redactor.add(secret);
  const records: JournalRecord[] = [...(journal?.records ?? [])];
  const plain = createSession({
    runbook: options.runbook,
    run: id,
    startedAt,
    dryRun: options.mode === 'plan',
    params: options.params ?? {},
    connections: options.connections,
    facts: options.facts ?? {},
    emit: options.emit ?? (() => {}),
    now,
    signal: options.signal ?? new AbortController().signal,
  });
  const session: Session = {
    ...plain,
    async record(fresh) {
      for (const secret of secretsIn(fresh)) redactor.add(secret);
      records.push({ at: now().toISOString(), run: id, ...fresh } as JournalRecord);
      await plain.record(fresh);
    },
  };
  const context: Context = {
    options,
    session,
    history: () => foldJournal(records),
    decisions: options.decisions ?? unattended,
    causes: [],
    steps: [],
    proofs: [],
    missing: [],
    journal,
    async conclude(work) {
      const result = await work().catch((error: unknown): Ended => {
        const problem = problemOf(error);
        return { status: statusOf(problem), problems: [problem] };
      });
      const { exit } = runStatuses[result.status];
      await session.record({ type: 'run.ended', status: result.status, exit, problems: result.problems });
      await context.journal?.close();
      return {
        run: id,
        startedAt,
        status: result.status,
        exit,
        problems: result.problems,
        causes: context.causes,
        steps: context.steps,
        missingGrants: context.missing,
      };
    },
  };
  return context;
}

async function announce(session: Session): Promise<void> {
  const { runbook, dryRun } = session;
  const targets = Object.fromEntries(Object.entries(session.scope().targets));
  await session.record({ type: 'run.started', runbook: runbook.name, title: runbook.title, dryRun, targets });
}

/** From the plan to its end: refuse, be content, tell, or ask and act. */
async function decide(context: Context, planned: readonly PlannedStep[]): Promise<Ended> {
  const { options, session, decisions } = context;
  const refusals = planned.flatMap(({ plan }) => (plan.plan === 'refused' ? [plan.problem] : []));
  const stale = options.agreed?.(planned);
  if (stale !== undefined) return ended('stale-plan', [stale]);
  if (refusals.some(({ code }) => code === 'forbidden')) return refuseUnread(context, refusals);
  if (refusals.length > 0) return ended('refused', refusals);
  const changes = planned.filter(({ plan }) => plan.plan === 'change');
  if (changes.length === 0) {
    if (options.mode === 'plan') return ended('ok');
    return verified(context, [], () => interruption(session));
  }
  context.proofs = await planProofs(session, changedIds(planned));
  const impossible = context.proofs.flatMap(({ plan }) => (plan.plan === 'refused' ? [plan.problem] : []));
  if (impossible.length > 0)
    return impossible.some(({ code }) => code === 'forbidden')
      ? refuseUnread(context, impossible)
      : ended('refused', impossible);
  const { denied, worlds } = await rehearse(session);
  const unread = denied.length === 0 ? [] : await deniedReads(session, worlds);
  await preflight(context, [...changes, ...context.proofs], unread);
  if (context.missing.length > 0) {
    return ended('refused', [
      {
        code: 'forbidden',
        message: `${context.missing.length} rights are missing for what is planned`,
        hint: 'grant what is printed, then run again',
      },
    ]);
  }
  if (options.mode === 'plan') return ended('ok');
  const answer = await decisions.confirm(planned);
  if (answer === 'no') return ended('cancelled');
  if (answer === 'nobody')
    return ended('waiting-for-approval', [
      {
        code: 'cancelled',
        message: 'there is something to change, and no terminal to ask on',
        hint: 'agree with --yes, or save the plan and apply it',
      },
    ]);
  await session.record({ type: 'run.confirmed' });
  interruption(session);
  return locked(context, changing(planned), async (locks) => {
    await openJournal(context, planned);
    return act(context, planned, locks);
  });
}

async function preflight(
  context: Context,
  changes: readonly PlannedStep[],
  unread: readonly Grant[],
): Promise<void> {
  const { session } = context;
  context.missing = unread;
  for (const target of new Set(changes.map(({ on }) => on))) {
    const { connection } = session.world(target);
    if (connection.kind !== 'cluster') continue;
    const actions = changes.flatMap(({ on, plan }) =>
      on === target && plan.plan === 'change' ? plan.actions : [],
    );
    context.missing = [...context.missing, ...(await missingGrants(target, connection, actions, session))];
  }
  if (context.missing.length > 0) await session.record({ type: 'grants.missing', grants: context.missing });
}

/** Facts could not be read. Where that was for lack of rights, everything that this runbook reads, as far as it is known, is asked for at once. */
async function refuseUnread(context: Context, unread: readonly Problem[]): Promise<Ended> {
  const { session } = context;
  if (unread.some(({ code }) => code === 'forbidden')) {
    context.missing = await missingReadGrants(session);
    await session.record({ type: 'grants.missing', grants: context.missing });
  }
  const problems = new Map(unread.map((problem) => [problem.message, problem]));
  return ended('refused', [...problems.values()]);
}

/** The rights that are missing for the facts that were asked for. */
async function deniedReads(
  session: Session,
  worlds: readonly (readonly [string, World])[],
): Promise<readonly Grant[]> {
  const denied = worlds.map(([target, world]) => {
    const grants = world
      .asked()
      .flatMap(({ read }) => (read.read === 'run' || read.read === 'file' ? [] : grantsOfRead(target, read)));
    return deniedGrants(world.connection, unique(grants), session.signal);
  });
  return (await Promise.all(denied)).flat();
}

async function openJournal(context: Context, planned: readonly PlannedStep[]): Promise<void> {
  const { session, options } = context;
  const { runbook, run: id } = session;
  context.journal = await options.journals.create(id, options.redactor);
  const { facts, causes } = session.scope();
  await session.keepIn(context.journal.append, {
    type: 'journal.opened',
    version: 1,
    runbook: runbook.name,
    startedAt: session.startedAt,
    who: options.who,
    sources: runbook.sources,
    params: session.params,
    bindings: options.bindings ?? {},
    facts,
    causes: causes as unknown as JsonObject,
    steps: planned,
    proofs: context.proofs,
  });
}

async function locked(
  context: Context,
  targets: readonly string[],
  work: (locks: Locks) => Promise<Ended>,
): Promise<Ended> {
  const { options, session } = context;
  const locks = await lockTargets(session, targets, {
    who: options.who,
    ...(options.breakLock ? { force: true } : {}),
  });
  try {
    return await work(locks);
  } finally {
    await locks.release();
  }
}

async function act(context: Context, planned: readonly PlannedStep[], locks: Locks): Promise<Ended> {
  const { session, decisions, history } = context;
  const checkpoint = () => {
    interruption(session);
    locks.check();
  };
  try {
    session.forgetAll();
    const outcome = await runSteps(session, { planned, decisions, history, checkpoint });
    if (outcome.end !== undefined) return await fail(context, outcome.problems, outcome.end);
    const proof = await verified(context, changedIds(planned), checkpoint);
    return outcome.problems.length > 0 && proof.status === 'ok' ? ended('failed', outcome.problems) : proof;
  } catch (error) {
    return await fail(context, [problemOf(error)], 'stop');
  }
}

async function verified(
  context: Context,
  changed: readonly string[],
  checkpoint: () => void,
): Promise<Ended> {
  const { session, history, decisions } = context;
  const begun = (id: string) => history().begun.find((each) => each.id === id && each.phase === 'verify');
  const problems = await verify(session, { changed, begun, checkpoint, proofs: context.proofs });
  if (problems.length === 0) return ended('ok');
  if (changed.length === 0) return ended('verification-failed', problems);
  const [problem] = problems;
  if (problem === undefined) return ended('ok');
  const policy = session.runbook.onFailure;
  const answer = await decisions.onFailure({ id: 'verify', name: 'Verification', problem, policy });
  if (answer === 'retry') return verified(context, changed, checkpoint);
  return answer === 'roll-back'
    ? fail(context, problems, 'roll-back')
    : ended('verification-failed', problems);
}

/** What a failure leads to: undone, or left as it is and said so. */
async function fail(
  context: Context,
  problems: readonly Problem[],
  then: 'roll-back' | 'stop',
): Promise<Ended> {
  const { session, decisions, history } = context;
  const [problem] = problems;
  const { begun } = history();
  const interrupted = problem?.code === 'cancelled' && session.signal.aborted;
  if (begun.length === 0 && !interrupted)
    return ended(problem?.code === 'stale-plan' ? 'stale-plan' : 'failed', problems);
  if (problem?.code === 'lock-lost') return ended('failed', problems);
  const left = context.steps.filter(
    ({ id, plan }) => plan.plan === 'change' && !begun.some((each) => each.id === id && each.verified),
  );
  const answer = interrupted && begun.length > 0 ? await decisions.onInterrupt(left) : then;
  if (answer === 'stop') {
    if (interrupted)
      return ended(problem.message.includes('SIGTERM') ? 'terminated' : 'interrupted', problems);
    return ended(problem?.code === 'timeout' ? 'timed-out' : 'failed', problems);
  }
  const uses = new Map(
    [...session.runbook.steps, ...session.runbook.verify].map(({ uses: each }) => [each.id, each]),
  );
  const fresh = { ...session, signal: new AbortController().signal };
  const reverted = await rollBack(fresh, history().begun, {
    definition: (id) => {
      const found = uses.get(id);
      return found === undefined || found.type === 'check' ? undefined : found;
    },
  });
  return ended(isComplete(reverted) ? 'rolled-back' : 'roll-back-incomplete', problems);
}

function restoreScope(session: Session, opened: NonNullable<History['opened']>): void {
  for (const [name, value] of Object.entries(opened.facts)) session.setFact(name, value);
  for (const [name, cause] of Object.entries(opened.causes))
    session.setCause(name, cause as unknown as { found: boolean; excluded: boolean; unknown: boolean });
  for (const { id, plan } of opened.steps) {
    const skipped = plan.plan === 'skipped' || plan.plan === 'refused';
    session.setStep(id, { changed: plan.plan === 'change', skipped });
  }
}

/** Throws when the run was told to stop. */
function interruption(session: Session): void {
  if (!session.signal.aborted) return;
  const { reason } = session.signal;
  throw reason instanceof ClawError ? reason : new ClawError('cancelled', 'the run was interrupted');
}

function statusOf(problem: Problem): RunStatus {
  switch (problem.code) {
    case 'locked':
      return 'locked';
    case 'stale-plan':
      return 'stale-plan';
    case 'timeout':
      return 'timed-out';
    case 'cancelled':
      return problem.message.includes('SIGTERM') ? 'terminated' : 'interrupted';
    default:
      return 'refused';
  }
}

function ended(status: RunStatus, problems: readonly Problem[] = []): Ended {
  return { status, problems };
}

function newIdentity(now: Date): { run: string; startedAt: string } {
  const stamp = now
    .toISOString()
    .replaceAll(/[-:]|\.\d+Z$/g, '')
    .toLowerCase();
  const suffix = crypto.randomUUID().slice(0, 6);
  return { run: `r${stamp}-${suffix}`, startedAt: `${now.toISOString().slice(0, 19)}Z` };
}
