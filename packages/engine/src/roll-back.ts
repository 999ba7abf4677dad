import {
  type Action,
  type AnyEvent,
  type AnyState,
  ClawError,
  diff,
  equal,
  type Json,
  type JsonObject,
  type Occasion,
  type PlannedStep,
  type Problem,
  problemOf,
} from '@claw-run/core';
import { freshLook, perform, pick } from './act.ts';
import { isBetween } from './between.ts';
import type { RevertOutcome } from './event.ts';
import { type Begun, foldJournal, undoPrefix } from './history.ts';
import { leavingText } from './look.ts';
import type { Session } from './session.ts';
import { waitFor } from './wait.ts';
import { whileGone } from './while-gone.ts';
import type { Leaving } from './world.ts';

export interface RollBackOptions {
  readonly definition: (id: string) => AnyState | AnyEvent | undefined;
  /** Roll back also what someone else has changed since. */
  readonly force?: boolean;
}

/** What rolling back needs besides, to act. */
export interface RollBack extends RollBackOptions {
  /** Throws where the locks were lost: nothing more is changed then. */
  readonly checkpoint: () => void;
}

/** What became of each step, in the order in which they were taken back. */
export type Reverted = readonly {
  readonly id: string;
  readonly outcome: RevertOutcome;
  readonly because: string;
}[];

/**
 * Takes back the steps that began, the last first; events that are undone by happening again do so at the end, in their own
 * order. What someone else has changed since is reported and left alone.
 */
export async function rollBack(
  session: Session,
  begun: readonly Begun[],
  options: RollBack,
): Promise<Reverted> {
  const reverted: { id: string; outcome: RevertOutcome; because: string }[] = [];
  for (const each of inOrder(begun, options)) {
    options.checkpoint();
    await session.record({ type: 'step.reverting', id: each.id });
    const result = await revert(session, each, options);
    await session.record({ type: 'step.reverted', id: each.id, ...result });
    reverted.push({ id: each.id, ...result });
  }
  return reverted;
}

/** The steps that are to be rolled back, in the order in which they are. */
export function inOrder(begun: readonly Begun[], { definition }: RollBackOptions): readonly Begun[] {
  const left = begun.filter((step) => !step.reverted);
  const again = left.filter((each) => happensAgain(definition(each.step.uses)));
  const back = left.filter((each) => !again.includes(each)).reverse();
  return [...back, ...again];
}

/**
 * Why a step is left alone: somebody else has changed since what it changed. Once it was verified it is as it left it; where it, or its rollback, did not come to
 * the end, each part is as it was before or as it was to be.
 */
export function conflictOf(
  { verified, halfUndone, before, after, step: { plan } }: Begun,
  now: JsonObject,
  undoing: readonly Action[],
): string | undefined {
  if (equal(now, after)) return undefined;
  const planned = plan.plan === 'change' ? plan.actions : [];
  const isOurs =
    (!verified || halfUndone) && isBetween(now, { before, after, actions: [...planned, ...undoing] });
  if (isOurs) return undefined;
  const changed = diff(after, now).map(({ path }) => path.join('.'));
  return `someone else has changed ${changed.join(', ')} since; left alone (--force rolls it back all the same)`;
}

/** Why there is no way back: what was there before is still there, and will not be for long. */
export function deletionOf(
  leaving: readonly Leaving[],
  now: JsonObject,
  { before }: Begun,
): string | undefined {
  if (leaving.length === 0 || !equal(now, before)) return undefined;
  return `${leavingText(leaving)}: a deletion cannot be taken back; make it again once it is gone`;
}

/** What is still there after a rollback: changes of somebody else's since, failures, and effects that cannot be rolled back. */
export function leftBehind(reverted: Reverted, begun: readonly Begun[]): readonly Problem[] {
  return reverted.flatMap(({ id, outcome, because }): readonly Problem[] => {
    if (outcome === 'reverted' || outcome === 'settled') return [];
    const name = begun.find((each) => each.id === id)?.step.name ?? id;
    if (outcome === 'irreversible')
      return [{ code: 'conflict', message: `${name}: its effect stays: ${because}` }];
    return [{ code: 'conflict', message: `${name}: ${because}` }];
  });
}

/** Of a step whose actions were all refused, or that had not come to act. */
export const untouched = { outcome: 'settled', because: 'nothing of it took place' } as const;

type Result = { readonly outcome: RevertOutcome; readonly because: string };

async function revert(session: Session, begun: Begun, options: RollBack): Promise<Result> {
  if (!begun.touched) return untouched;
  const definition = options.definition(begun.step.uses);
  if (definition === undefined) return { outcome: 'failed', because: `no library offers ${begun.step.uses}` };
  try {
    return await whileGone(session, begun.id, async () => {
      const { halfUndone } = latest(session, begun);
      return definition.type === 'state'
        ? await revertState(session, { ...begun, halfUndone }, { ...options, state: definition })
        : await revertEvent(session, begun, { event: definition, checkpoint: options.checkpoint });
    });
  } catch (error) {
    const problem = problemOf(error);
    if (problem.code === 'lock-lost') throw error;
    return { outcome: problem.code === 'conflict' ? 'conflict' : 'failed', because: problem.message };
  }
}

async function revertState(
  session: Session,
  begun: Begun,
  options: RollBack & { state: AnyState },
): Promise<Result> {
  const { state, checkpoint } = options;
  const act = { session, definition: state, planned: undoOf(begun), checkpoint };
  const names = Object.keys(begun.after);
  const { input, seen, leaving } = await freshLook(act);
  const now = pick(seen, names);
  const lost = deletionOf(leaving, now, begun);
  if (lost !== undefined) return { outcome: 'failed', because: lost };
  if (equal(now, begun.before)) return { outcome: 'settled', because: 'it is as it was before' };
  const actions = state.actions(seen, { ...seen, ...begun.before }, input);
  const conflict = options.force === true ? undefined : conflictOf(begun, now, actions);
  if (conflict !== undefined) return { outcome: 'conflict', because: conflict };
  await perform(act, actions);
  await waitFor(
    async () => {
      const last = await freshLook(act);
      if (last.leaving.length > 0) return { pending: leavingText(last.leaving) };
      const left = diff(begun.before, pick(last.seen, names));
      return left.length === 0
        ? { value: true }
        : { pending: `${left.map(({ path }) => path.join('.')).join(', ')} differs from what it was` };
    },
    { what: `undoing ${begun.step.name}`, seconds: state.settlesWithinSeconds ?? 30, signal: session.signal },
  );
  return { outcome: 'reverted', because: 'it is as it was before' };
}

async function revertEvent(
  session: Session,
  begun: Begun,
  { event, checkpoint }: { event: AnyEvent; checkpoint: () => void },
): Promise<Result> {
  if ('irreversible' in event.undo) return { outcome: 'irreversible', because: event.undo.irreversible };
  const act = { session, definition: event, planned: undoOf(begun), checkpoint };
  if ('again' in event.undo) return repeat(act, event, event.undo.again);
  const why = event.irreversible?.((await freshLook(act)).input);
  if (why !== undefined) return { outcome: 'irreversible', because: why };
  const { undo: takeBack } = event;
  const undo = async () => {
    const { input, seen } = await freshLook(act);
    return takeBack instanceof Function ? takeBack(input, begun.before, seen) : [];
  };
  const actions = await undo();
  if (actions.length === 0) return { outcome: 'settled', because: 'nothing is left of it' };
  await perform(act, actions);
  const left = await undo();
  if (left.length > 0)
    throw new ClawError(
      'not-settled',
      `${begun.step.name} was undone, yet ${left.length} of its changes are still there`,
    );
  return { outcome: 'reverted', because: 'it was taken back' };
}

/** What its records tell by now: an earlier try may have undone a part of it. */
function latest(session: Session, begun: Begun): Begun {
  const { begun: all } = foldJournal(session.records());
  return all.find(({ id, phase }) => id === begun.id && phase === begun.phase) ?? begun;
}

async function repeat(
  act: Parameters<typeof freshLook>[0] & Parameters<typeof perform>[0],
  event: AnyEvent,
  why: string,
): Promise<Result> {
  const { input, seen } = await freshLook(act);
  if (unneeded(act.planned, event, { input, seen, occasion: occasionOf(act.session) }))
    return { outcome: 'settled', because: 'not needed: it is already as it would leave it' };
  // What it was for is not waited for: that has just been undone.
  await perform(act, event.actions(input, seen, { ...occasionOf(act.session), changed: [] }));
  return { outcome: 'reverted', because: `it happened once more: ${why}` };
}

/** The run that is rolled back, with all that it changed. */
export function occasionOf(session: Session): Occasion {
  const { begun } = foldJournal(session.records());
  const changed = begun.filter(({ touched }) => touched).map(({ id }) => id);
  return { run: session.run, startedAt: session.startedAt, changed };
}

/** Whether an event that was not needed when the run was planned is not needed either once the run is rolled back. */
export function unneeded(
  { plan }: PlannedStep,
  event: AnyEvent,
  {
    input,
    seen,
    occasion,
  }: { input: unknown; seen: { readonly [fact: string]: unknown }; occasion: Occasion },
): boolean {
  return plan.plan === 'settled' && event.needed(input, seen, occasion) === undefined;
}

/** Whether rolling an event back means that it happens once more. */
export function happensAgain(definition: AnyState | AnyEvent | undefined): boolean {
  return definition?.type === 'event' && 'again' in definition.undo;
}

/** The step under the id that its undoing bears in keys and records. */
function undoOf(begun: Begun) {
  return { ...begun.step, id: `${undoPrefix}${begun.id}`, with: begun.step.with as Json };
}
