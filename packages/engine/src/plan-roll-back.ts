import {
  type Action,
  type AnyEvent,
  type AnyState,
  diff,
  equal,
  type Json,
  type PlannedStep,
  type Problem,
  problemOf,
  type StepPlan,
} from '@claw-run/core';
import { pick } from './act.ts';
import type { Begun } from './history.ts';
import { checkInterrupt } from './interrupt.ts';
import { type Look, lookAt, parseInput } from './look.ts';
import { actionDiff } from './plan.ts';
import {
  conflictOf,
  deletionOf,
  inOrder,
  occasionOf,
  type RollBackOptions,
  unneeded,
  untouched,
} from './roll-back.ts';
import type { Session } from './session.ts';

/**
 * What rolling back would do, step by step in its order, each seeing what the ones before will have done. What somebody else changed since, what
 * cannot be rolled back and what cannot be read is `refused`, with the reason: the others are rolled back all the same. Reads only.
 */
export async function planRollBack(
  session: Session,
  begun: readonly Begun[],
  options: RollBackOptions,
): Promise<readonly PlannedStep[]> {
  session.forgetAll();
  const planned: PlannedStep[] = [];
  for (const one of inOrder(begun, options)) {
    const plan = await planOne(session, one, options).catch((error: unknown) => {
      const problem = problemOf(error);
      checkInterrupt(session.signal);
      return refusal(problem);
    });
    planned.push({ ...one.step, plan });
  }
  session.forgetAll();
  return planned;
}

async function planOne(session: Session, begun: Begun, options: RollBackOptions): Promise<StepPlan> {
  const { step } = begun;
  if (!begun.touched) return { plan: 'settled', because: untouched.because };
  const definition = options.definition(step.uses);
  if (definition === undefined)
    return refusal({ code: 'not-found', message: `no library offers ${step.uses}` });
  const input = parseInput(definition, step.with, begun.id);
  const look = await lookAt(session.world(step.on), definition, input, session.signal);
  checkInterrupt(session.signal);
  if (look.look === 'unreadable') return refusal(look.problem);
  if (look.look === 'unpredictable')
    return change(
      definition,
      `planned once the steps after it are rolled back: it needs ${look.waitsFor}`,
      [],
    );
  return definition.type === 'state'
    ? planState(session, definition, { begun, look, force: options.force === true })
    : planEvent(session, definition, { begun, look });
}

type Seen = Look & { look: 'seen' };

function planState(
  session: Session,
  state: AnyState,
  { begun, look, force }: { begun: Begun; look: Seen; force: boolean },
): StepPlan {
  const names = Object.keys(begun.after);
  const now = pick(look.seen, names);
  const lost = deletionOf(look.leaving, now, begun);
  if (lost !== undefined) return refusal({ code: 'conflict', message: lost });
  if (equal(now, begun.before)) return { plan: 'settled', because: 'it is as it was before' };
  const actions = state.actions(look.seen, { ...look.seen, ...begun.before }, look.input);
  const conflict = force ? undefined : conflictOf(begun, now, actions);
  if (conflict !== undefined) return refusal({ code: 'conflict', message: conflict });
  session.world(begun.step.on).predict(look.facts, { ...look.seen, ...begun.before }, actions);
  const differences = names.flatMap((name) =>
    diff(now[name] as Json, begun.before[name] as Json, [look.facts[name]?.key ?? name]),
  );
  return {
    ...change(state, 'as it was before', actions),
    diff: differences,
    before: now,
    after: begun.before,
  };
}

function planEvent(
  session: Session,
  event: AnyEvent,
  { begun, look }: { begun: Begun; look: Seen },
): StepPlan {
  const { undo } = event;
  const why = 'irreversible' in undo ? undo.irreversible : event.irreversible?.(look.input);
  if (why !== undefined) return refusal({ code: 'conflict', message: `cannot be rolled back: ${why}` });
  if ('again' in undo) {
    const occasion = occasionOf(session);
    if (unneeded(begun.step, event, { ...look, occasion }))
      return { plan: 'settled', because: 'not needed: it is already as it would leave it' };
    const actions = event.actions(look.input, look.seen, { ...occasion, changed: [] });
    return change(event, `it happens once more: ${undo.again}`, actions);
  }
  const actions = undo instanceof Function ? undo(look.input, begun.before, look.seen) : [];
  if (actions.length === 0) return { plan: 'settled', because: 'nothing is left of it' };
  session.world(begun.step.on).predict(look.facts, {}, actions);
  return change(event, 'what it made is taken away', actions);
}

function change(
  { risk }: AnyState | AnyEvent,
  because: string,
  actions: readonly Action[],
): StepPlan & { plan: 'change' } {
  return { plan: 'change', because, risk, diff: actions.flatMap(actionDiff), before: {}, after: {}, actions };
}

function refusal(problem: Problem): StepPlan {
  return { plan: 'refused', because: problem.message, problem };
}
