import { type AnyEvent, type PlannedStep, problemOf } from '@claw-run/core';
import { pick } from './act.ts';
import { type Begun, foldJournal } from './history.ts';
import { checkInterrupt } from './interrupt.ts';
import { lookAt, parseInput } from './look.ts';
import { happensAgain, occasionOf, type RollBackOptions } from './roll-back.ts';
import type { Session } from './session.ts';

/**
 * Events that this run planned and never began, and that happened since: another run restarted a service that this one had changed the files of, say. What runs has
 * taken up what is now rolled back, so they are to happen again behind it, as if they had been this run's own.
 */
export async function missedEvents(
  session: Session,
  { begun, steps }: { readonly begun: readonly Begun[]; readonly steps: readonly PlannedStep[] },
  { definition }: RollBackOptions,
): Promise<readonly Begun[]> {
  const left = begun.filter(({ touched, reverted }) => touched && !reverted);
  const missed: Begun[] = [];
  for (const step of steps.slice(reached(session, begun, steps))) {
    const uses = definition(step.uses);
    if (uses === undefined || !happensAgain(uses) || uses.type !== 'event') continue;
    const planned = step.plan.plan === 'change' || step.plan.plan === 'settled';
    if (!planned || begun.some(({ id }) => id === step.id)) continue;
    const world = session.world(step.on);
    if (!left.some((each) => session.world(each.step.on) === world)) continue;
    const before = await happenedSince(session, step, uses).catch((error: unknown) => {
      problemOf(error);
      checkInterrupt(session.signal);
      return undefined;
    });
    if (before === undefined) continue;
    const rest = { after: {}, touched: true, verified: false, reverted: false, halfUndone: false };
    missed.push({ id: step.id, phase: 'steps', step, before, ...rest });
  }
  return missed;
}

/** How many of the steps a run came to: whether an event among them happened was decided then. */
function reached(session: Session, begun: readonly Begun[], steps: readonly PlannedStep[]): number {
  const { ended } = foldJournal(session.records());
  if (ended === 'ok' || ended === 'unresolved' || ended === 'verification-failed') return steps.length;
  if (begun.some(({ phase }) => phase === 'verify')) return steps.length;
  return steps.findLastIndex(({ id }) => begun.some((each) => each.id === id)) + 1;
}

/** What is seen of an event that is not needed any more, though it was planned. */
async function happenedSince(session: Session, step: PlannedStep, event: AnyEvent) {
  const input = parseInput(event, step.with, step.id);
  const look = await lookAt(session.world(step.on), event, input, session.signal);
  if (look.look !== 'seen') return undefined;
  const reason = event.needed(look.input, look.seen, occasionOf(session));
  return reason === undefined ? pick(look.seen, Object.keys(look.seen)) : undefined;
}
