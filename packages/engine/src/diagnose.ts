import { type Cause, ClawError, type Json, type Problem, problemOf, type Verdict } from '@claw-run/core';
import type { Finding } from './event.ts';
import { checkInterrupt } from './interrupt.ts';
import { inputOf, lookAt, prefetch } from './look.ts';
import type { Session } from './session.ts';

/** What a diagnosis found. */
export interface Diagnosis {
  readonly causes: readonly CauseFinding[];
  /** Why facts could not be read, for lack of rights or of a way to the target: such a run must not go on. */
  readonly blocked: readonly Problem[];
}

/** What a cause turned out to be, and what it is once the steps have acted. */
export interface CauseFinding {
  readonly id: string;
  readonly title: string;
  readonly finding: Finding;
  readonly because: string;
  /** What would settle it, where it is unknown and that is known. */
  readonly hint?: string;
  /** Asked again after the fix. */
  readonly after?: { readonly finding: Finding; readonly because: string; readonly hint?: string };
}

/**
 * Evaluates the lookups, in order, and then all causes side by side. A cause is found when its check fails, excluded when it passes
 * and unknown when it cannot be told. Reads only.
 * @throws ClawError `cancelled` or `timeout` when it was interrupted: what was not read decides nothing
 */
export async function diagnose(session: Session): Promise<Diagnosis> {
  const { asked, blocked } = await askCauses(session, true);
  for (const one of asked) await tellCause(session, one);
  return { causes: asked.map(findingOf), blocked };
}

/**
 * Asks all causes again, from fresh looks at the targets and with lookups of its own: what expressions of the run see stays as it was.
 * @throws ClawError `cancelled` or `timeout`
 */
export async function diagnoseAgain(session: Session): Promise<readonly Asked[]> {
  session.forgetAll();
  const facts: Record<string, Json | undefined> = { ...session.facts };
  const { asked } = await askCauses(
    {
      ...session,
      scope: () => ({ ...session.scope(), facts, causes: {} }),
      setFact: (name, value) => {
        facts[name] = value;
      },
      setCause: () => {},
    },
    false,
  );
  return asked;
}

/** A cause and what its check says now. */
export interface Asked {
  readonly cause: Cause;
  readonly verdict: Verdict;
  readonly hint?: string;
}

/** What the verdict of a check says of the cause that it stands for. */
export function findingOf({ cause: { id, title, uses }, verdict, hint }: Asked): CauseFinding {
  return {
    id,
    title,
    finding: findings[verdict.verdict],
    because: verdict.because,
    ...(verdict.verdict === 'unknown'
      ? {
          hint:
            hint ?? `claw-run explain ${uses.id} tells what is looked at: once that can be read, run again`,
        }
      : {}),
  };
}

/** Tells what a cause is: before the plan, or once the steps have acted. */
export async function tellCause(session: Session, asked: Asked, phase?: 'verification'): Promise<void> {
  const { id, title, finding, because, hint } = findingOf(asked);
  const { evidence } = asked.verdict;
  if (phase === undefined)
    session.setCause(id, {
      found: finding === 'found',
      excluded: finding === 'excluded',
      unknown: finding === 'unknown',
      ...(evidence === undefined ? {} : { evidence }),
    });
  await session.record({
    type: 'cause',
    id,
    title,
    finding,
    evidence: { because, ...(evidence === undefined ? {} : { details: evidence }) },
    ...(hint === undefined ? {} : { hint }),
    ...(phase === undefined ? {} : { phase }),
  });
}

async function askCauses(
  session: Session,
  tell: boolean,
): Promise<{ readonly asked: readonly Asked[]; readonly blocked: readonly Problem[] }> {
  const { runbook, signal } = session;
  for (const use of [...runbook.lookups, ...runbook.causes])
    prefetch(session.world(use.on), use, session.scope(), signal);
  const blocked: Problem[] = [];
  const unread = new Map<string, Problem>();
  const missingOf = ({ needs }: { readonly needs: readonly string[] }) =>
    needs.map((need) => unread.get(need)).find((problem) => problem !== undefined);
  for (const lookup of runbook.lookups) {
    if (session.facts[lookup.id] !== undefined) continue;
    const problem = await evaluateLookup(session, lookup, { tell, missing: missingOf(lookup) });
    checkInterrupt(signal);
    if (problem !== undefined) unread.set(`facts.${lookup.id}`, problem);
    if (isBlocking(problem)) blocked.push(problem);
  }
  for (const cause of runbook.causes) prefetch(session.world(cause.on), cause, session.scope(), signal);
  const asked = await Promise.all(
    runbook.causes.map(async (cause): Promise<Asked> => {
      const missing = missingOf(cause);
      const { verdict, problem } = missing === undefined ? await examine(session, cause) : untold(missing);
      if (isBlocking(problem)) blocked.push(problem);
      return { cause, verdict, ...(problem?.hint === undefined ? {} : { hint: problem.hint }) };
    }),
  );
  checkInterrupt(signal);
  return { asked, blocked };
}

const findings: { readonly [V in Verdict['verdict']]: Finding } = {
  pass: 'excluded',
  fail: 'found',
  unknown: 'unknown',
};

async function evaluateLookup(
  session: Session,
  lookup: Session['runbook']['lookups'][number],
  { tell, missing }: { readonly tell: boolean; readonly missing: Problem | undefined },
): Promise<Problem | undefined> {
  const found = await attempt(async (): Promise<Found> => {
    if (missing !== undefined) return { because: missing.message, problem: missing };
    if (lookup.if !== undefined && !lookup.if(session.scope()))
      return { because: `not looked up: ${lookup.ifText ?? 'its condition is false'}` };
    const look = await lookAt(
      session.world(lookup.on),
      lookup.uses,
      inputOf(lookup, session.scope()),
      session.signal,
    );
    if (look.look === 'unreadable') return { because: look.problem.message, problem: look.problem };
    if (look.look === 'unpredictable') return { because: `waits for ${look.waitsFor}` };
    return { value: lookup.uses.value(look.input, look.seen) };
  });
  const { value, because, problem }: Found = 'error' in found ? { because: found.error.message } : found;
  session.setFact(lookup.id, value);
  if (!tell || session.signal.aborted) return problem;
  await session.record({
    type: 'fact',
    id: lookup.id,
    ...(value === undefined ? {} : { value }),
    ...(value === undefined ? { because: because ?? 'it is not there' } : {}),
  });
  return problem;
}

/** What a lookup gave: a value, or why there is none. */
interface Found {
  readonly value?: Json | undefined;
  readonly because?: string;
  readonly problem?: Problem;
}

/** What could not be read cannot be told. */
function untold(problem: Problem): { verdict: Verdict; problem: Problem } {
  return { verdict: { verdict: 'unknown', because: problem.message }, problem };
}

function isBlocking(problem: Problem | undefined): problem is Problem {
  return problem?.code === 'forbidden' || problem?.code === 'unreachable';
}

async function examine(session: Session, cause: Cause): Promise<{ verdict: Verdict; problem?: Problem }> {
  const found = await attempt(async (): Promise<{ verdict: Verdict; problem?: Problem }> => {
    if (cause.if !== undefined && !cause.if(session.scope())) {
      return {
        verdict: { verdict: 'pass', because: `does not apply: ${cause.ifText ?? 'its condition is false'}` },
      };
    }
    const look = await lookAt(
      session.world(cause.on),
      cause.uses,
      inputOf(cause, session.scope()),
      session.signal,
    );
    if (look.look === 'unreadable') return untold(look.problem);
    if (look.look === 'unpredictable')
      return { verdict: { verdict: 'unknown', because: `waits for ${look.waitsFor}` } };
    return { verdict: cause.uses.expect(look.input, look.seen) };
  });
  return 'error' in found ? untold(found.error) : found;
}

/** Problems of expressions and inputs are findings here; an unreachable target ends the run. */
async function attempt<T>(work: () => Promise<T>): Promise<T | { error: Problem }> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ClawError && error.code === 'target-unbound') throw error;
    return { error: problemOf(error) };
  }
}
