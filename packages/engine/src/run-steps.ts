import { ClawError, type PlannedStep, type Problem, problemOf, type Step } from '@claw-run/core';
import { actStep } from './act.ts';
import type { Decisions, OnProblem } from './decisions.ts';
import type { Begun, History } from './history.ts';
import { reasonOf } from './interrupt.ts';
import { changedIds, planStep, recordPlan } from './plan.ts';
import type { Session } from './session.ts';
import { pause } from './wait.ts';
import { whileGone } from './while-gone.ts';

export interface RunStepsOptions {
  readonly planned: readonly PlannedStep[];
  readonly decisions: Decisions;
  /** What is done already, of a run that is resumed. */
  readonly history: () => History;
  readonly checkpoint: () => void;
}

/** What became of the steps: all done, or a problem and what to do about it. */
export interface StepsOutcome {
  readonly problems: readonly Problem[];
  /** Set where the run must not go on to verification. */
  readonly end?: Exclude<OnProblem, 'continue'>;
}

/** Acts on the planned steps in order. */
export async function runSteps(session: Session, options: RunStepsOptions): Promise<StepsOutcome> {
  const problems: Problem[] = [];
  const changed = changedIds(options.planned);
  for (const planned of options.planned) {
    const step = session.runbook.steps.find(({ id }) => id === planned.id);
    if (step === undefined) continue;
    const history = options.history();
    const begun = begunStep(history, planned.id);
    if (begun?.verified || history.skipped.includes(planned.id)) {
      await settleScope(session, step, begun?.verified === true);
      continue;
    }
    if (!mayAct(planned, begun, session, history)) continue;
    options.checkpoint();
    const answer = begun === undefined ? await options.decisions.confirmStep(planned) : 'yes';
    if (answer === 'stop')
      return {
        problems: [...problems, { code: 'cancelled', message: `stopped before ${planned.name}` }],
        end: 'stop',
      };
    if (answer === 'skip') {
      await skip(session, planned.id, 'skipped by the user');
      continue;
    }
    const outcome = await attempt(session, { ...options, step, planned, changed });
    if (outcome === undefined) continue;
    problems.push(outcome.problem);
    if (outcome.next !== 'continue') return { problems, end: outcome.next };
  }
  return { problems };
}

/**
 * Whether it is a step's turn: where a change was planned. Where none was needed, it is looked at again: an event once anything was changed on its machine,
 * a state once a command ran there that does not say what it changes.
 */
function mayAct(
  { id, on, plan }: PlannedStep,
  begun: Begun | undefined,
  session: Session,
  { begun: all }: History,
): boolean {
  if (plan.plan === 'change' || begun !== undefined) return true;
  const uses = session.runbook.steps.find((one) => one.id === id)?.uses;
  if (plan.plan !== 'settled' || uses === undefined) return false;
  const world = session.world(on);
  const before = all.filter((one) => one.phase === 'steps' && session.world(one.step.on) === world);
  return uses.type === 'event' ? before.length > 0 : before.some(isOpaque);
}

function isOpaque({ step: { plan } }: Begun): boolean {
  const actions = plan.plan === 'change' ? plan.actions : [];
  return actions.some((action) => action.do === 'run' && (action.changes ?? []).length === 0);
}

type Attempt = Omit<RunStepsOptions, 'planned'> & {
  readonly step: Step;
  readonly planned: PlannedStep;
  readonly changed: readonly string[];
};

/** One step with its retries; gives the problem that remains, with what to do about it. */
async function attempt(
  session: Session,
  options: Attempt,
): Promise<{ problem: Problem; next: OnProblem } | undefined> {
  const { step, decisions } = options;
  const { attempts = 1, delaySeconds = 0, backoff = 1 } = step.retry ?? {};
  for (let number = 1; ; number += 1) {
    const problem = await once(session, options);
    if (problem === undefined) return undefined;
    if (session.signal.aborted && problem.code !== 'lock-lost')
      return { problem: problemOf(reasonOf(session.signal)), next: 'stop' };
    if (problem.code === 'cancelled' || problem.code === 'lock-lost') return { problem, next: 'stop' };
    if (number < attempts) {
      await pause(delaySeconds * 1000 * backoff ** (number - 1), session.signal).catch(() => undefined);
      continue;
    }
    await session.record({ type: 'step.failed', id: step.id, problem });
    const policy = policyFor(problem, step.onFailure ?? session.runbook.onFailure);
    const answer = await decisions.onFailure({ id: step.id, name: step.name, on: step.on, problem, policy });
    if (answer === 'retry') continue;
    if (answer === 'skip') {
      await skip(session, step.id, `skipped by the user after it failed: ${problem.message}`);
      return { problem, next: 'continue' };
    }
    session.setStep(step.id, { changed: false, skipped: true });
    return { problem, next: answer };
  }
}

async function once(session: Session, options: Attempt): Promise<Problem | undefined> {
  try {
    await whileGone(session, options.step.id, () => actOrSettle(session, options));
    return undefined;
  } catch (error) {
    return problemOf(error);
  }
}

async function actOrSettle(session: Session, options: Attempt): Promise<void> {
  const { step, changed, checkpoint } = options;
  const planned = await decided(session, options);
  if (planned.plan.plan === 'refused') throw errorOf(planned.plan.problem);
  if (planned.plan.plan === 'change') {
    const begun = begunStep(options.history(), step.id);
    await actStep({
      session,
      definition: step.uses,
      planned,
      phase: 'steps',
      changed,
      timeoutSeconds: step.timeoutSeconds,
      begun,
      checkpoint,
    });
  }
  await settleScope(session, step, planned.plan.plan === 'change');
}

function errorOf({ code, message, hint }: Problem): ClawError {
  return new ClawError(code, message, hint === undefined ? {} : { hint });
}

/** What cannot be reached cannot be undone: it is left for when it is back. */
function policyFor({ code }: Problem, policy: OnProblem): OnProblem {
  return code === 'unreachable' && policy === 'roll-back' ? 'stop' : policy;
}

/** A step whose plan waited for earlier ones, or an event that was not needed before them, is planned now, from what is really there. */
async function decided(session: Session, { step, planned, changed, history }: Attempt): Promise<PlannedStep> {
  if (planned.plan.plan === 'change' && planned.plan.deferred === undefined) return planned;
  const begun = begunStep(history(), step.id);
  if (begun !== undefined) return begun.step;
  session.forgetAll();
  const now = await planStep(session, step, { changed });
  session.forgetAll();
  if (planned.plan.plan === 'change' || now.plan.plan !== 'settled') await recordPlan(session, now);
  return now;
}

/** What later expressions see of a step that is done, its output read anew. */
async function settleScope(session: Session, step: Step, changed: boolean): Promise<void> {
  const known = session.scope().steps[step.id];
  session.setStep(step.id, { ...known, changed, skipped: false });
  if (step.uses.output === undefined) return;
  session.forgetAll();
  const planned = await planStep(session, { ...step, if: () => true }, { changed: [] });
  const output = session.scope().steps[step.id]?.output;
  session.setStep(step.id, {
    changed,
    skipped: false,
    ...(output === undefined || planned.plan.plan === 'refused' ? {} : { output }),
  });
  session.forgetAll();
}

async function skip(session: Session, id: string, because: string): Promise<void> {
  session.setStep(id, { changed: false, skipped: true });
  await session.record({ type: 'step.skipped', id, because });
}

function begunStep({ begun }: History, wanted: string): Begun | undefined {
  return begun.find(({ id, phase }) => id === wanted && phase === 'steps');
}
