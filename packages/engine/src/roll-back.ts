import {
  type AnyEvent,
  type AnyState,
  ClawError,
  diff,
  equal,
  isObject,
  type Json,
  problemOf,
} from '@claw-run/core';
import { freshLook, perform, pick } from './act.ts';
import type { RevertOutcome } from './event.ts';
import { type Begun, undoPrefix } from './history.ts';
import type { Session } from './session.ts';
import { waitFor } from './wait.ts';

export interface RollBackOptions {
  readonly definition: (id: string) => AnyState | AnyEvent | undefined;
  /** Undo also what someone else has changed since. */
  readonly force?: boolean;
}

/** What became of each step, in the order in which they were taken back. */
export type Reverted = readonly {
  readonly id: string;
  readonly outcome: RevertOutcome;
  readonly because: string;
}[];

/** Takes back the steps that began, the last first. What someone else has changed since is reported and left alone. */
export async function rollBack(
  session: Session,
  begun: readonly Begun[],
  options: RollBackOptions,
): Promise<Reverted> {
  const reverted: { id: string; outcome: RevertOutcome; because: string }[] = [];
  for (const each of [...begun].filter((step) => !step.reverted).reverse()) {
    await session.record({ type: 'step.reverting', id: each.id });
    const result = await revert(session, each, options);
    await session.record({ type: 'step.reverted', id: each.id, ...result });
    reverted.push({ id: each.id, ...result });
  }
  return reverted;
}

/** Whether everything that can be undone is. */
export function isComplete(reverted: Reverted): boolean {
  return reverted.every(({ outcome }) => outcome !== 'conflict' && outcome !== 'failed');
}

type Result = { readonly outcome: RevertOutcome; readonly because: string };

async function revert(session: Session, begun: Begun, options: RollBackOptions): Promise<Result> {
  const definition = options.definition(begun.step.uses);
  if (definition === undefined) return { outcome: 'failed', because: `no library offers ${begun.step.uses}` };
  try {
    return definition.type === 'state'
      ? await revertState(session, begun, { ...options, state: definition })
      : await revertEvent(session, begun, definition);
  } catch (error) {
    const problem = problemOf(error);
    return { outcome: problem.code === 'conflict' ? 'conflict' : 'failed', because: problem.message };
  }
}

async function revertState(
  session: Session,
  begun: Begun,
  options: RollBackOptions & { state: AnyState },
): Promise<Result> {
  const { state } = options;
  const act = { session, definition: state, planned: undoOf(begun), checkpoint: () => {} };
  const names = Object.keys(begun.after);
  const { input, seen } = await freshLook(act);
  const now = pick(seen, names);
  if (equal(now, begun.before)) return { outcome: 'settled', because: 'it is as it was before' };
  if (begun.verified && !begun.halfUndone && !equal(now, begun.after) && !options.force) {
    const changed = diff(begun.after, now).map(({ path }) => path.join('.'));
    return {
      outcome: 'conflict',
      because: `someone else has changed ${changed.join(', ')} since; left alone (--force undoes it all the same)`,
    };
  }
  await perform(act, state.actions(seen, { ...seen, ...begun.before }, input));
  await waitFor(
    async () => {
      const left = diff(begun.before, pick((await freshLook(act)).seen, names));
      return left.length === 0
        ? { value: true }
        : { pending: `${left.map(({ path }) => path.join('.')).join(', ')} differs from what it was` };
    },
    { what: `undoing ${begun.step.name}`, seconds: state.settlesWithinSeconds ?? 30, signal: session.signal },
  );
  return { outcome: 'reverted', because: 'it is as it was before' };
}

async function revertEvent(session: Session, begun: Begun, event: AnyEvent): Promise<Result> {
  if (isObject(event.undo)) return { outcome: 'irreversible', because: String(event.undo.irreversible) };
  const act = { session, definition: event, planned: undoOf(begun), checkpoint: () => {} };
  const undo = async () => {
    const { input, seen } = await freshLook(act);
    return event.undo instanceof Function ? event.undo(input, begun.before, seen) : [];
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

/** The step under the id that its undoing bears in keys and records. */
function undoOf(begun: Begun) {
  return { ...begun.step, id: `${undoPrefix}${begun.id}`, with: begun.step.with as Json };
}
