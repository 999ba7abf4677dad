import {
  type AnyCheck,
  type AnyEvent,
  ClawError,
  type PlannedStep,
  type Problem,
  problemOf,
  type Verdict,
  type Verification,
} from '@claw-run/core';
import { actStep } from './act.ts';
import type { Begun } from './history.ts';
import { checkInterrupt } from './interrupt.ts';
import { inputOf, lookAt, prefetch } from './look.ts';
import { planStep, recordPlan } from './plan.ts';
import type { Session } from './session.ts';
import { waitFor } from './wait.ts';
import { whileGone } from './while-gone.ts';
import { createWorld, type World } from './world.ts';

/** Plans the events among the verifications, so that what they do is shown, agreed to and allowed before anything is touched. */
export async function planProofs(
  session: Session,
  changed: readonly string[],
): Promise<readonly PlannedStep[]> {
  const planned: PlannedStep[] = [];
  for (const one of session.runbook.verify) {
    if (one.uses.type === 'check') continue;
    const proof = await planStep(session, { ...one, uses: one.uses }, { changed });
    await recordPlan(session, proof);
    planned.push(proof);
  }
  return planned;
}

/** What a rehearsal of the checks tells: reads that are denied, and programs that are not there. */
export interface Rehearsal {
  readonly denied: readonly Problem[];
  readonly missing: readonly Problem[];
  readonly worlds: readonly (readonly [string, World])[];
}

/** Looks at what the checks will look at, to learn now and not after the change what cannot be looked at. */
export async function rehearse(session: Session): Promise<Rehearsal> {
  const worlds = new Map(
    Object.entries(session.connections).map(([target, connection]) => [
      target,
      createWorld(connection, session.warn),
    ]),
  );
  const denied = await Promise.all(
    session.runbook.verify.map(async (one): Promise<readonly Problem[]> => {
      const world = worlds.get(one.on);
      if (one.uses.type !== 'check' || world === undefined) return [];
      try {
        if (one.if !== undefined && !one.if(session.scope())) return [];
        const look = await lookAt(world, one.uses, inputOf(one, session.scope()), session.signal);
        return look.look === 'unreadable' && look.problem.code === 'forbidden' ? [look.problem] : [];
      } catch (error) {
        problemOf(error);
        checkInterrupt(session.signal);
        return [];
      }
    }),
  );
  const missing = [...worlds.values()].flatMap((world) =>
    world.missingPrograms().map(
      ({ program, command }): Problem => ({
        code: 'not-found',
        message:
          program === undefined
            ? `a program that \`${command}\` needs is not there on ${world.connection.name}, and it does not say which (exit 127); the verification needs it`
            : `${program} is not there on ${world.connection.name}, and the verification needs it`,
        hint: 'install it there or put it on the PATH; or choose a host that has it',
      }),
    ),
  );
  return { denied: denied.flat(), missing, worlds: [...worlds] };
}

export interface VerifyOptions {
  /** Plans of the events, as agreed to. */
  readonly proofs: readonly PlannedStep[];
  /** Ids of the steps that changed something. Where none did, nothing is waited for and nothing is made to happen. */
  readonly changed: readonly string[];
  readonly begun: (id: string) => Begun | undefined;
  readonly checkpoint: () => void;
}

/** Verifies the fix: each verification in order. Gives the problems of those that do not hold. */
export async function verify(session: Session, options: VerifyOptions): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const one of session.runbook.verify)
    if (one.uses.type === 'check') prefetch(session.world(one.on), one, session.scope(), session.signal);
  for (const one of session.runbook.verify) {
    options.checkpoint();
    const problem = await verifyOne(session, one, options);
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}

async function verifyOne(
  session: Session,
  one: Verification,
  options: VerifyOptions,
): Promise<Problem | undefined> {
  const { id, name, uses } = one;
  try {
    if (one.if !== undefined && !one.if(session.scope())) {
      await session.record({
        type: 'check',
        id,
        name,
        verdict: 'skipped',
        because: `not needed: ${one.ifText ?? 'its condition is false'}`,
      });
      return undefined;
    }
    const verdict =
      uses.type === 'check'
        ? await check(session, one, uses, options)
        : await whileGone(session, id, () => happen(session, one, uses, options));
    const evidence = verdict.evidence === undefined ? {} : { evidence: verdict.evidence };
    await session.record({
      type: 'check',
      id,
      name,
      verdict: verdict.verdict,
      because: verdict.because,
      ...evidence,
    });
    return verdict.verdict === 'pass' || verdict.verdict === 'skipped'
      ? undefined
      : { code: 'check-failed', message: `${name}: ${verdict.because}` };
  } catch (error) {
    const problem = problemOf(error);
    if (session.signal.aborted || problem.code === 'cancelled' || problem.code === 'lock-lost') throw error;
    await session.record({ type: 'check', id, name, verdict: 'unknown', because: problem.message });
    return { ...problem, message: `${name}: ${problem.message}` };
  }
}

type Result = Omit<Verdict, 'verdict'> & { readonly verdict: Verdict['verdict'] | 'skipped' };

/** A check passes within its time, or the last verdict counts. */
async function check(
  session: Session,
  one: Verification,
  uses: AnyCheck,
  options: VerifyOptions,
): Promise<Result> {
  let last: Result = { verdict: 'unknown', because: 'it was not looked at' };
  const input = inputOf(one, session.scope());
  const look = async () => {
    const seen = await lookAt(session.world(one.on), uses, input, session.signal);
    if (seen.look === 'unreadable') last = { verdict: 'unknown', because: seen.problem.message };
    else if (seen.look === 'seen') last = uses.expect(seen.input, seen.seen);
    return last;
  };
  if (options.changed.length === 0) return look();
  let told = '';
  const waiting = {
    what: one.name,
    seconds: one.withinSeconds ?? 30,
    signal: session.signal,
    onWait: async (pending: string) => {
      options.checkpoint();
      session.forgetAll();
      if (pending !== told) await session.record({ type: 'step.waiting', id: one.id, because: pending });
      told = pending;
    },
  };
  session.forgetAll();
  return waitFor<Result>(
    async () => ((await look()).verdict === 'pass' ? { value: last } : { pending: last.because }),
    waiting,
  ).catch((error: unknown) => {
    if (error instanceof ClawError && error.code === 'not-settled')
      return { ...last, because: `${last.because} (waited ${waiting.seconds} s)` };
    throw error;
  });
}

/** An event that proves, a test job: planned and done like a step; only where something was changed. */
async function happen(
  session: Session,
  one: Verification,
  event: AnyEvent,
  options: VerifyOptions,
): Promise<Result> {
  if (options.changed.length === 0) return { verdict: 'skipped', because: 'nothing was changed' };
  const begun = options.begun(one.id);
  session.forgetAll();
  const use = { ...one, uses: event };
  const agreed = begun?.step ?? options.proofs.find((proof) => proof.id === one.id && !isDeferred(proof));
  const planned = agreed ?? (await planStep(session, use, { changed: options.changed }));
  if (agreed === undefined) await recordPlan(session, planned);
  session.forgetAll();
  if (planned.plan.plan === 'refused') throw new ClawError('refused', planned.plan.because);
  if (planned.plan.plan === 'change') {
    const because = await actStep({
      session,
      definition: event,
      planned,
      phase: 'verify',
      changed: options.changed,
      timeoutSeconds: one.withinSeconds,
      begun,
      checkpoint: options.checkpoint,
    });
    return { verdict: 'pass', because };
  }
  return { verdict: 'pass', because: planned.plan.because };
}

function isDeferred({ plan }: PlannedStep): boolean {
  return plan.plan === 'change' && plan.deferred !== undefined;
}
