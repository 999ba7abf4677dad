import { ClawError, type Problem, type Step } from '@claw-run/core';
import { type Asked, type CauseFinding, diagnoseAgain, findingOf, tellCause } from './diagnose.ts';
import type { JournalRecord } from './event.ts';
import type { Session } from './session.ts';
import { waitFor } from './wait.ts';

/** How long a cause may take to be gone once its steps have acted, where no verification says how long. Seconds. */
const standardSeconds = 30;

export interface AskAgain {
  /** What the causes were before the fix. */
  readonly before: readonly CauseFinding[];
  /** Ids of the steps that acted. */
  readonly changed: readonly string[];
  /** How long to wait for causes to be gone; by default the longest `within` of the verifications, or 30. */
  readonly seconds?: number | undefined;
  readonly checkpoint: () => void;
}

/** Asks all causes again after the fix, until those that steps acted on are gone or the time is up. Gives them with both findings. */
export async function askAgain(session: Session, options: AskAgain): Promise<readonly CauseFinding[]> {
  const { before, changed, checkpoint } = options;
  if (session.runbook.causes.length === 0) return before;
  const withins = session.runbook.verify.flatMap(({ withinSeconds }) => withinSeconds ?? []);
  const seconds = options.seconds ?? (withins.length === 0 ? standardSeconds : Math.max(...withins));
  const acted = actedOn(session, changed);
  let asked: readonly Asked[] = [];
  let told = '';
  const waiting = {
    what: 'the causes',
    seconds,
    signal: session.signal,
    onWait: async (pending: string) => {
      checkpoint();
      if (pending !== told) await session.record({ type: 'step.waiting', id: 'causes', because: pending });
      told = pending;
    },
  };
  await waitFor<true>(async () => {
    asked = await diagnoseAgain(session);
    const open = asked.map(findingOf).filter((now) => mayPass(now, before, acted));
    if (open.length === 0) return { value: true };
    return { pending: open.map(({ title, because }) => `${title}: ${because}`).join('; ') };
  }, waiting).catch((error: unknown) => {
    if (!(error instanceof ClawError) || error.code !== 'not-settled') throw error;
  });
  for (const one of asked) await tellCause(session, one, 'verification');
  session.forgetAll();
  return asked.map((one) => withAfter(before, findingOf(one)));
}

/** Causes that are found after the fix though steps acted on them, or that were not found before: a failed verification. */
export function stillFound(
  session: Session,
  causes: readonly CauseFinding[],
  changed: readonly string[],
): readonly Problem[] {
  const acted = actedOn(session, changed);
  return causes.flatMap((cause): readonly Problem[] => {
    if (cause.after?.finding !== 'found' || isLeft(cause, acted)) return [];
    const how = cause.finding === 'found' ? 'still found' : 'found now, and was not before';
    return [{ code: 'check-failed', message: `${cause.title}: ${how}: ${cause.after.because}` }];
  });
}

/** What is left at the end of a run that failed nowhere: causes that are unknown, those of the same reason as one, and causes that are found. */
export function unresolved(causes: readonly CauseFinding[]): readonly Problem[] {
  const now = causes.map((cause) => ({ title: cause.title, ...(cause.after ?? cause) }));
  const found = now.filter(({ finding }) => finding === 'found');
  const unknown = Map.groupBy(
    now.filter(({ finding }) => finding === 'unknown'),
    ({ because }) => because,
  );
  return [
    ...found.map(({ title, because }) => leftToYou(title, because)),
    ...[...unknown].map(([because, all]) => unknownBecause(because, all)),
  ];
}

/** What is left by a plan, or by a diagnosis: unknown causes, and found ones that none of `steps` is for. */
export function leftByPlan(causes: readonly CauseFinding[], steps: readonly Step[]): readonly Problem[] {
  return unresolved(causes.filter(({ id, finding }) => finding !== 'found' || !steps.some(isFor(id))));
}

/** A step that the user skipped. */
export function skippedStep(name: string): Problem {
  return {
    code: 'unresolved',
    message: `${name}: skipped, so it is left to you`,
    hint: 'do it by hand, or run again without skipping it',
  };
}

/** What the causes of a run were before the fix, from its records. Pure. */
export function causesIn(records: readonly JournalRecord[]): readonly CauseFinding[] {
  const causes = records.flatMap((record): readonly CauseFinding[] => {
    if (record.type !== 'cause' || record.phase !== undefined) return [];
    const { id, title, finding, evidence, hint } = record;
    return [{ id, title, finding, because: evidence.because, ...(hint === undefined ? {} : { hint }) }];
  });
  return [...new Map(causes.map((cause) => [cause.id, cause])).values()];
}

function unknownBecause(
  because: string,
  causes: readonly { readonly title: string; readonly hint?: string | undefined }[],
): Problem {
  const hint = causes.find((cause) => cause.hint !== undefined)?.hint;
  const titles = causes.map(({ title }) => title).join('; ');
  return {
    code: 'unresolved',
    message: `${titles}: unknown: ${because}`,
    ...(hint === undefined ? {} : { hint }),
  };
}

function leftToYou(title: string, because: string): Problem {
  return {
    code: 'unresolved',
    message: `${title}: found: ${because}`,
    hint: 'no step of this run fixes it: it is left to you',
  };
}

/** Whether waiting can help: not for what was unknown before, nor for what nobody acted on. */
function mayPass(
  now: CauseFinding,
  before: readonly CauseFinding[],
  acted: (id: string) => boolean,
): boolean {
  const then = before.find(({ id }) => id === now.id)?.finding;
  if (now.finding === 'excluded') return false;
  if (now.finding === 'unknown') return then !== 'unknown';
  return then !== 'found' || acted(now.id);
}

/** Found before, and no step acted on it. */
function isLeft({ id, finding }: CauseFinding, acted: (id: string) => boolean): boolean {
  return finding === 'found' && !acted(id);
}

function actedOn({ runbook }: Session, changed: readonly string[]): (cause: string) => boolean {
  const steps = runbook.steps.filter(({ id }) => changed.includes(id));
  return (cause) => steps.some(isFor(cause));
}

/** A step is for the causes that it names; one that names none is for all. */
function isFor(cause: string): (step: Step) => boolean {
  return ({ needs }) => {
    const named = needs.filter((need) => need.startsWith('causes.'));
    return named.length === 0 || named.includes(`causes.${cause}`);
  };
}

function withAfter(before: readonly CauseFinding[], now: CauseFinding): CauseFinding {
  const { id, title, finding, because, hint } = now;
  const then = before.find((cause) => cause.id === id) ?? {
    id,
    title,
    finding: 'unknown',
    because: 'not asked',
  };
  return { ...then, after: { finding, because, ...(hint === undefined ? {} : { hint }) } };
}
