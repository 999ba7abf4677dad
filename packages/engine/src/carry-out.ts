import { type JsonObject, type PlannedStep, type Problem, problemOf } from '@claw-run/core';
import { askAgain, skippedStep, stillFound, unresolved } from './causes-left.ts';
import { type Context, type Ended, ended, giveUpJournal } from './context.ts';
import type { NewRecord } from './event.ts';
import { checkInterrupt, reasonOf, stoppedBy } from './interrupt.ts';
import { type Locks, lockTargets } from './lock.ts';
import { changedIds } from './plan.ts';
import { leftBehind, rollBack } from './roll-back.ts';
import { runSteps } from './run-steps.ts';
import { isGood, type RunStatus } from './status.ts';
import { timeLimit } from './time-limit.ts';
import { verify } from './verify.ts';

/** The targets of the steps that change something. */
export function changing(steps: readonly PlannedStep[]): readonly string[] {
  return steps.filter(({ plan }) => plan.plan === 'change').map(({ on }) => on);
}

/** Whether the journal of a run can be kept, asked before anybody agrees to it. @throws ClawError `untrusted`, `journal-unwritable` */
export async function checkJournal(context: Context, planned: readonly PlannedStep[]): Promise<void> {
  await context.options.journals.check(Buffer.byteLength(JSON.stringify(openedBy(context, planned))));
}

/** Begins the journal of a run with all that resuming it or rolling it back takes. */
export async function openJournal(context: Context, planned: readonly PlannedStep[]): Promise<void> {
  const { session, options } = context;
  const journal = await options.journals.create(session.run, options.redactor);
  try {
    await session.keepIn(journal.append, openedBy(context, planned));
  } catch (error) {
    await journal.close();
    throw error;
  }
  context.journal = journal;
}

function openedBy({ session, options, proofs }: Context, planned: readonly PlannedStep[]): NewRecord {
  const { runbook } = session;
  const { facts, causes } = session.scope();
  return {
    type: 'journal.opened',
    version: 1,
    runbook: runbook.name,
    startedAt: session.startedAt,
    who: options.who,
    sources: runbook.sources,
    ...(runbook.libraries === undefined ? {} : { libraries: runbook.libraries }),
    params: session.params,
    bindings: options.bindings ?? {},
    facts,
    causes: causes as unknown as JsonObject,
    steps: planned,
    proofs,
  };
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
  context.locks = locks;
  try {
    return await work(locks);
  } finally {
    context.locks = undefined;
    await locks.release();
  }
}

/** Acts on a plan and verifies the fix; a failure is rolled back or left, as it is decided. */
export async function act(context: Context, planned: readonly PlannedStep[], locks: Locks): Promise<Ended> {
  const { session, decisions, history } = context;
  const checkpoint = () => {
    checkInterrupt(session.signal);
    locks.check();
  };
  try {
    session.forgetAll();
    const outcome = await runSteps(session, { planned, decisions, history, checkpoint });
    if (outcome.end !== undefined) return await fail(context, outcome.problems, outcome.end);
    const acted = changedIds(planned).filter((id) => history().begun.some((one) => one.id === id));
    const end = await verified(context, acted, checkpoint);
    return outcome.problems.length > 0 && isGood(end.status)
      ? ended('failed', [...outcome.problems, ...end.problems])
      : end;
  } catch (error) {
    const problem = problemOf(error);
    if (problem.code === 'journal-lost') {
      // there is no later: what is to be rolled back is rolled back now, by what this process knows
      await giveUpJournal(context);
      return await fail(context, [problem], session.runbook.onFailure === 'roll-back' ? 'roll-back' : 'stop');
    }
    const stopped = session.signal.aborted && problem.code !== 'lock-lost';
    return await fail(context, [stopped ? problemOf(reasonOf(session.signal)) : problem], 'stop');
  }
}

/**
 * Verifies the fix, or that there is nothing to fix: the checks of the runbook, and once something was changed all causes anew. `changed` are the
 * steps that acted.
 */
export async function verified(
  context: Context,
  changed: readonly string[],
  checkpoint: () => void,
): Promise<Ended> {
  const { session, history, decisions } = context;
  const begun = (id: string) => history().begun.find((each) => each.id === id && each.phase === 'verify');
  const failed = await verify(session, { changed, begun, checkpoint, proofs: context.proofs });
  if (changed.length === 0)
    return failed.length > 0 ? ended('verification-failed', failed) : goodEnd(context);
  context.causes = await askAgain(session, {
    before: context.causes,
    changed,
    seconds: failed.length > 0 ? 0 : context.options.causesWithinSeconds,
    checkpoint,
  });
  const problems = [...failed, ...stillFound(session, context.causes, changed)];
  const [problem] = problems;
  if (problem === undefined) return goodEnd(context);
  const policy = session.runbook.onFailure;
  const answer = await decisions.onFailure({ id: 'verify', name: 'Verification', problem, policy });
  if (answer === 'retry') return verified(context, changed, checkpoint);
  return answer === 'roll-back'
    ? fail(context, problems, 'roll-back')
    : ended('verification-failed', problems);
}

/** The end of a run in which nothing failed: `ok` only where nothing is left to a person and nothing is unknown. */
function goodEnd(context: Context): Ended {
  const { history, causes, steps } = context;
  const { skipped } = history();
  const passedBy = steps.filter(({ id }) => skipped.includes(id));
  const left = [...unresolved(causes), ...passedBy.map(({ name }) => skippedStep(name))];
  return left.length === 0 ? ended('ok') : ended('unresolved', left);
}

/** What a failure leads to: rolled back, or left as it is and said so. Where the lock is lost or the time is over, nothing more is changed. */
async function fail(
  context: Context,
  problems: readonly Problem[],
  then: 'roll-back' | 'stop',
): Promise<Ended> {
  const { session, decisions, history } = context;
  const [problem] = problems;
  const { begun } = history();
  const interrupted = problem?.code === 'cancelled' && session.signal.aborted;
  if (begun.length === 0 && !interrupted) return ended(endOf(problem), problems);
  if (problem?.code === 'lock-lost') return ended('failed', problems);
  const left = context.steps.filter(
    ({ id, plan }) => plan.plan === 'change' && !begun.some((each) => each.id === id && each.verified),
  );
  const answer = interrupted && begun.length > 0 ? await decisions.onInterrupt(left) : then;
  if (answer === 'stop') {
    if (interrupted) return ended(stoppedBy(problem), problems);
    return ended(problem?.code === 'timeout' ? 'timed-out' : 'failed', problems);
  }
  const uses = new Map(
    [...session.runbook.steps, ...session.runbook.verify].map(({ uses: each }) => [each.id, each]),
  );
  // an interrupt does not stop a rollback on its way, the end of the time allowed does
  const limit = timeLimit(session.signal, { what: 'the run' });
  const done = history().begun;
  const reverted = await rollBack({ ...session, signal: limit.signal }, done, {
    definition: (id) => {
      const found = uses.get(id);
      return found === undefined || found.type === 'check' ? undefined : found;
    },
    checkpoint: () => context.locks?.check(),
  });
  limit.release();
  const behind = leftBehind(reverted, done);
  return behind.length === 0
    ? ended('rolled-back', problems)
    : ended('roll-back-incomplete', [...problems, ...behind]);
}

/** How a run ends that did nothing yet. */
function endOf(problem: Problem | undefined): RunStatus {
  if (problem?.code === 'stale-plan') return 'stale-plan';
  return problem?.code === 'timeout' ? 'timed-out' : 'failed';
}
