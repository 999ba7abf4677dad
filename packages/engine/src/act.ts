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
  problemOf,
} from '@claw-run/core';
import { isBetween } from './between.ts';
import type { Phase } from './event.ts';
import type { Begun } from './history.ts';
import { type Look, leavingText, lookAt, parseInput } from './look.ts';
import type { Session } from './session.ts';
import { timeLimit, withinSignal } from './time-limit.ts';
import { waitFor } from './wait.ts';

/** A planned step on its way to being done. */
export interface Act {
  readonly session: Session;
  readonly definition: AnyState | AnyEvent;
  readonly planned: PlannedStep;
  readonly phase: Phase;
  readonly changed: readonly string[];
  readonly timeoutSeconds?: number | undefined;
  /** Set where the step began in an earlier attempt, or in a process that died. */
  readonly begun?: Begun | undefined;
  /** Throws when the run has to stop here: interrupted, or its lock lost. */
  readonly checkpoint: () => void;
}

/**
 * Performs a planned step and waits until what was planned is observed. A step that began before is decided by looking: done, not done,
 * or half way, from where it goes on.
 * @returns what was seen of it
 * @throws ClawError `stale-plan` when what it changes is no longer as planned, `action-failed`, `not-settled`, …
 */
export async function actStep(act: Act): Promise<string> {
  const { session, definition, planned, phase } = act;
  await session.record({ type: 'step.started', id: planned.id, phase });
  const because =
    definition.type === 'state' ? await actState(act, definition) : await actEvent(act, definition);
  session.forgetAll();
  await session.record({ type: 'step.verified', id: planned.id, because });
  return because;
}

async function actState(act: Act, definition: AnyState): Promise<string> {
  const { planned, begun } = act;
  if (planned.plan.plan !== 'change') return planned.plan.because;
  const { before, after } = planned.plan;
  const { input, facts, seen, leaving } = await freshLook(act);
  const now = pick(seen, Object.keys(after));
  if (!equal(now, after)) {
    if (begun === undefined && leaving.length > 0) throw new ClawError('refused', leavingText(leaving));
    if (begun?.touched !== true && !equal(now, before)) throw moved(planned, before, now);
    if (begun !== undefined && !isBetween(now, { ...begun, actions: planned.plan.actions }))
      throw changedSince(planned, begun, now);
    await observed(act, now, after);
    const asPlanned = begun === undefined || equal(now, before);
    await performUnlessDone(
      act,
      asPlanned ? planned.plan.actions : definition.actions(seen, { ...seen, ...after }, input),
      async () => equal(pick((await freshLook(act)).seen, Object.keys(after)), after),
    );
  }
  return await waitFor<string>(
    async () => {
      const last = await freshLook(act);
      const left = diff(after, pick(last.seen, Object.keys(after)), []);
      if (last.leaving.length > 0) return { pending: leavingText(last.leaving) };
      if (left.length === 0)
        return {
          value: `${Object.keys(after)
            .map((name) => facts[name]?.key ?? name)
            .join(', ')} is as planned`,
        };
      return {
        pending: left
          .map(
            ({ path, before: wanted, after: got }) =>
              `${pathText(facts, path)} is ${text(got)}, planned was ${text(wanted)}`,
          )
          .join('; '),
      };
    },
    waiting(act, definition),
  );
}

/** Performs actions. What was refused because somebody else has done the very same meanwhile is left to them: it is done, and not ours. */
async function performUnlessDone(
  act: Act,
  actions: readonly Action[],
  isDone: () => Promise<boolean>,
): Promise<void> {
  try {
    await perform(act, actions);
  } catch (error) {
    const refused = error instanceof ClawError && error.code === 'conflict' && error.notPerformed;
    if (!refused || !(await isDone())) throw error;
  }
}

async function actEvent(act: Act, definition: AnyEvent): Promise<string> {
  const { session, planned, begun } = act;
  const occasion: Occasion = { run: session.run, startedAt: session.startedAt, changed: act.changed };
  const { input, seen } = await freshLook(act);
  const reason = definition.needed(input, seen, occasion);
  if (typeof reason === 'object')
    throw new ClawError('refused', reason.refused, reason.hint === undefined ? {} : { hint: reason.hint });
  if (reason !== undefined) {
    const actions = definition.actions(input, seen, occasion);
    const agreed = planned.plan.plan === 'change' ? planned.plan.actions : [];
    if (begun === undefined && !equal(actions, agreed))
      throw moved(planned, { actions: agreed as unknown as Json }, { actions: actions as unknown as Json });
    await observed(act, pick(seen, Object.keys(seen)), {});
    await perform(act, actions);
  }
  const because = await waitFor<string>(
    async () => {
      const last = await freshLook(act);
      const progress = definition.done(last.input, last.seen, occasion);
      if (progress.progress === 'failed')
        throw new ClawError('action-failed', `${planned.name}: ${progress.because}`);
      return progress.progress === 'done' ? { value: progress.because } : { pending: progress.because };
    },
    waiting(act, definition),
  );
  const tidied =
    definition.tidy === undefined ? [] : definition.tidy(input, (await freshLook(act)).seen, occasion);
  await perform(act, tidied, 'tidy-');
  return because;
}

/** Performs actions in order, each recorded before and after. Once the time of the run or of the step is over, the one in hand is given up. */
export async function perform(
  act: Pick<Act, 'session' | 'planned' | 'checkpoint' | 'timeoutSeconds'>,
  actions: readonly Action[],
  prefix = '',
): Promise<void> {
  const { session, planned, checkpoint } = act;
  const { connection } = session.world(planned.on);
  const limit = timeLimit(session.signal, { what: planned.name, seconds: act.timeoutSeconds });
  try {
    for (const [index, action] of actions.entries()) {
      checkpoint();
      limit.signal.throwIfAborted();
      const key = `${session.run}/${planned.id}/${prefix}${index}`;
      await session.record({ type: 'action.intended', id: planned.id, key, action });
      let result: Awaited<ReturnType<typeof connection.perform>>;
      try {
        const work = connection.perform(action, { key, signal: limit.signal });
        result = await withinSignal(work, limit.signal);
      } catch (error) {
        const refused = error instanceof ClawError && error.notPerformed;
        const problem = problemOf(error);
        await session.record({
          type: 'action.ended',
          id: planned.id,
          key,
          problem,
          ...(refused ? { notPerformed: true } : {}),
        });
        throw error;
      } finally {
        session.forgetAll();
      }
      await session.record({ type: 'action.ended', id: planned.id, key, result });
    }
  } finally {
    limit.release();
  }
}

/** Looks at a step's facts as they are this moment. */
export async function freshLook(
  act: Pick<Act, 'session' | 'definition' | 'planned'>,
): Promise<Look & { look: 'seen' }> {
  const { session, definition, planned } = act;
  session.forgetAll();
  const input = parseInput(definition, planned.with, planned.id);
  const look = await lookAt(session.world(planned.on), definition, input, session.signal);
  if (look.look === 'seen') return look;
  if (look.look === 'unpredictable') throw new Error(`${planned.id} looks at predictions`);
  const { code, message, hint } = look.problem;
  throw new ClawError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    retryable: code === 'unreachable',
  });
}

/** The values of some facts. */
export function pick(values: { readonly [name: string]: unknown }, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, values[name] as Json]));
}

async function observed(act: Act, before: JsonObject, after: JsonObject): Promise<void> {
  const { session, planned, phase } = act;
  await session.record({ type: 'step.observed', id: planned.id, phase, step: planned, before, after });
}

function waiting(act: Act, definition: AnyState | AnyEvent) {
  let last = '';
  return {
    what: act.planned.name,
    seconds: act.timeoutSeconds ?? definition.settlesWithinSeconds ?? 30,
    steadySeconds: definition.steadySeconds,
    signal: act.session.signal,
    onWait: async (pending: string) => {
      if (pending === last) return;
      last = pending;
      await act.session.record({ type: 'step.waiting', id: act.planned.id, because: pending });
    },
  };
}

function moved(planned: PlannedStep, before: JsonObject, now: JsonObject): ClawError {
  const differences = diff(before, now).map(
    ({ path, before: then, after }) => `${path.join('.')} was ${text(then)}, is ${text(after)}`,
  );
  return new ClawError(
    'stale-plan',
    `${planned.name}: the target changed since it was planned: ${differences.join('; ')}`,
    {
      hint: 'run again: it is planned anew from what is there now',
    },
  );
}

function changedSince(planned: PlannedStep, { before, after }: Begun, now: JsonObject): ClawError {
  const others = Object.keys(after).filter(
    (name) => !equal(now[name], before[name]) && !equal(now[name], after[name]),
  );
  return new ClawError(
    'conflict',
    `${planned.name}: someone else has changed ${others.join(', ')} since this step began: it is neither as it was before nor as planned`,
    { hint: 'look at it; run again to plan from what is there now, or roll back' },
  );
}

function pathText(
  facts: { readonly [name: string]: { readonly key: string } },
  path: readonly (string | number)[],
): string {
  const [name = '', ...rest] = path;
  return [facts[name]?.key ?? name, ...rest].join('.');
}

/** A long text, or one of several lines, is not told: it may be a file with secrets in it, of which a part would not be recognised. */
function text(value: Json | undefined): string {
  const json = value === undefined ? 'absent' : JSON.stringify(value);
  const told = json.length <= 200 && !(typeof value === 'string' && value.includes('\n'));
  return told ? json : 'another one';
}
