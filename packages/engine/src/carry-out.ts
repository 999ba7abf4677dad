import { ClawError, type JsonObject, type PlannedStep, type Problem, problemOf } from '@claw-run/core';
import { type Context, type Ended, ended } from './context.ts';
import { type Locks, lockTargets } from './lock.ts';
import { changedIds } from './plan.ts';
import { isComplete, rollBack } from './roll-back.ts';
import { runSteps } from './run-steps.ts';
import type { Session } from './session.ts';
import { verify } from './verify.ts';

/** The targets of the steps that change something. */
export function changing(steps: readonly PlannedStep[]): readonly string[] {
  return steps.filter(({ plan }) => plan.plan === 'change').map(({ on }) => on);
}

/** Begins the journal of a run with all that resuming or undoing it takes. */
export async function openJournal(context: Context, planned: readonly PlannedStep[]): Promise<void> {
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

/** Does some work while the targets are locked for this run. */
export async function locked(
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

/** Acts on a plan and proves the mend; a failure is undone or left, as it is decided. */
export async function act(context: Context, planned: readonly PlannedStep[], locks: Locks): Promise<Ended> {
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

/** Proves the mend, or that there is nothing to mend. */
export async function verified(
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

/** Throws when the run was told to stop. */
export function interruption(session: Session): void {
  if (!session.signal.aborted) return;
  const { reason } = session.signal;
  throw reason instanceof ClawError ? reason : new ClawError('cancelled', 'the run was interrupted');
}
