import {
  type Action,
  type AnyEvent,
  type AnyState,
  ClawError,
  type Difference,
  diff,
  equal,
  isRefused,
  type Json,
  type JsonObject,
  nameOf,
  type Occasion,
  type PlannedStep,
  type Problem,
  problemOf,
  type Step,
  type StepPlan,
  type Use,
} from '@claw-run/core';
import { checkInterrupt } from './interrupt.ts';
import { inputOf, type Look, leavingText, lookAt, prefetch } from './look.ts';
import { isClusterAction, objectOf } from './predict.ts';
import type { Session } from './session.ts';

/** Which steps take part; the others are skipped, with the reason. */
export type Select = (id: string) => string | undefined;

/** Plans every step in order, each seeing what the ones before will have done. Reads only. */
export async function planSteps(session: Session, select: Select): Promise<readonly PlannedStep[]> {
  const { steps } = session.runbook;
  for (const step of steps)
    if (mayRun(session, step, select))
      prefetch(session.world(step.on), step, session.scope(), session.signal);
  const planned: PlannedStep[] = [];
  for (const step of steps) {
    const one = lookedAtAgain(
      session,
      await planStep(session, step, { select, changed: changedIds(planned) }),
      planned,
    );
    planned.push(one);
    await recordPlan(session, one);
  }
  return planned;
}

/** An event that is not needed says so, and that it is looked at again once the steps before it have changed its machine. */
function lookedAtAgain(session: Session, one: PlannedStep, before: readonly PlannedStep[]): PlannedStep {
  const uses = session.runbook.steps.find(({ id }) => id === one.id)?.uses;
  if (one.plan.plan !== 'settled' || uses?.type !== 'event') return one;
  const world = session.world(one.on);
  const earlier = before.filter(({ on, plan }) => plan.plan === 'change' && session.world(on) === world);
  const last = earlier.at(-1);
  if (last === undefined) return one;
  const because = `${one.plan.because}; looked at again once “${last.name}” has run`;
  return { ...one, plan: { ...one.plan, because } };
}

/** Plans one step from what is there now and what is predicted, and lays its outcome over the world. */
export async function planStep(
  session: Session,
  step: Use<AnyState | AnyEvent>,
  options: { select?: Select; changed: readonly string[] },
): Promise<PlannedStep> {
  const shell = { id: step.id, name: step.name, uses: step.uses.id, on: step.on };
  const finish = (raw: Json, plan: StepPlan, output?: JsonObject): PlannedStep => {
    const skipped = plan.plan === 'skipped' || plan.plan === 'refused';
    session.setStep(step.id, {
      changed: plan.plan === 'change',
      skipped,
      ...(output === undefined ? {} : { output }),
    });
    return { ...shell, with: raw, plan };
  };
  try {
    const unselected = options.select?.(step.id);
    if (unselected !== undefined) return finish(null, { plan: 'skipped', because: unselected });
    if (step.if !== undefined && !step.if(session.scope())) {
      return finish(null, {
        plan: 'skipped',
        because: `not needed: ${step.ifText ?? 'its condition is false'}`,
      });
    }
    const raw = step.with(session.scope()) as Json;
    const input = inputOf(step, session.scope());
    const look = await lookAt(session.world(step.on), step.uses, input, session.signal);
    const occasion: Occasion = { run: session.run, startedAt: session.startedAt, changed: options.changed };
    const { plan, after } = planLook(step.uses, look, occasion);
    checkInterrupt(session.signal);
    if (look.look !== 'seen') return finish(raw, plan);
    if (plan.plan === 'change') session.world(step.on).predict(look.facts, plan.after, plan.actions);
    const known = step.uses.type === 'state' || plan.plan === 'settled';
    return finish(raw, plan, known ? step.uses.output?.(input, after) : undefined);
  } catch (error) {
    const problem = problemOf(error);
    checkInterrupt(session.signal);
    if (problem.code === 'value-missing' && waitsForOutput(session, step)) {
      return finish(null, deferredPlan(step.uses, 'what an earlier step gives'));
    }
    return finish(null, refusal(problem));
  }
}

/** What a definition makes of what it sees: the plan, and the facts as they will be. Pure. */
export function planLook(
  uses: AnyState | AnyEvent,
  look: Look,
  occasion: Occasion,
): { plan: StepPlan; after: { readonly [fact: string]: unknown } } {
  if (look.look === 'unreadable') return { plan: refusal(look.problem), after: {} };
  if (look.look === 'unpredictable')
    return { plan: deferredPlan(uses, look.waitsFor, look.input), after: {} };
  if (uses.type === 'state' && look.leaving.length > 0)
    return { plan: refusal(leavingProblem(look)), after: {} };
  return uses.type === 'state' ? planState(uses, look) : planEvent(uses, look, occasion);
}

/** Tells a plan as an event. */
export async function recordPlan(
  session: Session,
  step: PlannedStep,
  phase?: 'resume' | 'rollback',
): Promise<void> {
  const { plan } = step;
  await session.record({
    type: 'step.planned',
    id: step.id,
    name: step.name,
    plan: plan.plan === 'skipped' ? 'settled' : plan.plan,
    because: plan.because,
    diff: plan.plan === 'change' ? plan.diff : [],
    uses: step.uses,
    on: step.on,
    ...(plan.plan === 'skipped' ? { skipped: true as const } : {}),
    ...(plan.plan === 'change'
      ? {
          risk: plan.risk,
          actions: plan.actions,
          ...(plan.irreversible === undefined ? {} : { irreversible: plan.irreversible }),
          ...(plan.deferred === undefined ? {} : { deferred: plan.deferred }),
        }
      : {}),
    ...(plan.plan === 'refused' ? { problem: plan.problem } : {}),
    ...(phase === undefined ? {} : { phase }),
  });
}

/** Ids of the steps that change something. */
export function changedIds(steps: readonly PlannedStep[]): readonly string[] {
  return steps.filter((step) => step.plan.plan === 'change').map((step) => step.id);
}

type Seen = Look & { look: 'seen' };

function planState(uses: AnyState, { input, facts, seen }: Seen): ReturnType<typeof planLook> {
  const desired = uses.desire(input, seen);
  if (isRefused(desired)) return { plan: refusal(refusedProblem(desired)), after: seen };
  const after = { ...seen, ...desired };
  const names = Object.keys(desired).filter((name) => !equal(seen[name], after[name]));
  const explained = uses.explain?.(seen, after, input);
  if (names.length === 0)
    return { plan: { plan: 'settled', because: explained ?? `already so: ${uses.summary}` }, after };
  const differences = names.flatMap((name) =>
    diff(seen[name] as Json, after[name] as Json, [facts[name]?.key ?? name]),
  );
  const plan: StepPlan = {
    plan: 'change',
    because: explained ?? summarize(differences),
    risk: uses.risk,
    diff: differences,
    before: pick(seen, names),
    after: pick(after, names),
    actions: uses.actions(seen, after, input),
  };
  return { plan, after };
}

function planEvent(uses: AnyEvent, { input, seen }: Seen, occasion: Occasion): ReturnType<typeof planLook> {
  const reason = uses.needed(input, seen, occasion);
  if (isRefused(reason)) return { plan: refusal(refusedProblem(reason)), after: seen };
  if (reason === undefined)
    return {
      plan: { plan: 'settled', because: 'not needed: it is already as it would leave it' },
      after: seen,
    };
  const actions = uses.actions(input, seen, occasion);
  const plan: StepPlan = {
    plan: 'change',
    because: reason,
    risk: uses.risk,
    diff: actions.flatMap(actionDiff),
    before: pick(seen, Object.keys(seen)),
    after: {},
    actions,
    ...irreversibleOf(uses, input),
  };
  return { plan, after: seen };
}

/** What an action changes, as far as the action itself says. */
export function actionDiff(action: Action): readonly Difference[] {
  if (!isClusterAction(action)) {
    return action.do === 'write' ? [{ path: [`file ${action.path}`], after: action.content }] : [];
  }
  const name = nameOf(objectOf(action));
  switch (action.do) {
    case 'create':
    case 'apply':
      return [{ path: [name], after: action.object }];
    case 'delete':
      return [{ path: [name], before: 'present' }];
    case 'issue-token':
      return [
        {
          path: [name, 'data', action.into.key],
          after: `a token of ${action.account.namespace}/${action.account.name}`,
        },
      ];
    case 'patch':
      return action.patch.flatMap((operation): readonly Difference[] => {
        if (operation.op === 'test') return [];
        const path = [
          name,
          ...operation.path
            .split('/')
            .slice(1)
            .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')),
        ];
        const test = action.patch.find((other) => other.op === 'test' && other.path === operation.path);
        const before = test !== undefined && test.op === 'test' ? { before: test.value } : {};
        return [
          operation.op === 'remove' ? { path, ...before } : { path, ...before, after: operation.value },
        ];
      });
  }
}

function summarize(differences: readonly Difference[]): string {
  const created = differences.filter(
    ({ path, before }) => path.length === 1 && (before === null || before === undefined),
  );
  const removed = differences.filter(
    ({ path, after }) => path.length === 1 && (after === null || after === undefined),
  );
  const changed = differences.filter(
    (difference) => !created.includes(difference) && !removed.includes(difference),
  );
  return [
    ...created.map(({ path }) => `${path[0]} does not exist yet`),
    ...removed.map(({ path }) => `${path[0]} is to go`),
    ...changed.map(({ path }) => `${path.join('.')} differs`),
  ].join('; ');
}

function refusedProblem({ refused, hint }: { refused: string; hint?: string }): Problem {
  return { code: 'refused', message: refused, ...(hint === undefined ? {} : { hint }) };
}

function leavingProblem({ leaving }: Seen): Problem {
  return {
    code: 'refused',
    message: leavingText(leaving),
    hint: 'wait until it is gone, or see to what its finalizers wait for; then run again',
  };
}

function refusal(problem: Problem): StepPlan {
  return { plan: 'refused', because: problem.message, problem };
}

function deferredPlan(uses: AnyState | AnyEvent, waitsFor: string, input?: unknown): StepPlan {
  const irreversible = uses.type === 'event' ? irreversibleOf(uses, input) : {};
  return {
    plan: 'change',
    because: `planned once the steps before it have run: it needs ${waitsFor}`,
    risk: uses.risk,
    diff: [],
    before: {},
    after: {},
    actions: [],
    deferred: waitsFor,
    ...irreversible,
  };
}

/** Why an event cannot be undone: none of its kind can, or this use of it cannot. Its inputs may not be known yet. */
function irreversibleOf(event: AnyEvent, input: unknown): { readonly irreversible?: string } {
  if ('irreversible' in event.undo) return { irreversible: event.undo.irreversible };
  const why = input === undefined ? undefined : event.irreversible?.(input);
  return why === undefined ? {} : { irreversible: why };
}

function pick(values: { readonly [name: string]: unknown }, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, values[name] as Json]));
}

function mayRun(session: Session, step: Step, select: Select): boolean {
  if (select(step.id) !== undefined) return false;
  try {
    return step.if === undefined || step.if(session.scope());
  } catch (error) {
    if (error instanceof ClawError) return false;
    throw error;
  }
}

function waitsForOutput(session: Session, step: Use<AnyState | AnyEvent>): boolean {
  const { steps } = session.scope();
  return step.needs.some((need) => {
    const [root, id = ''] = need.split('.');
    const earlier = steps[id];
    return root === 'steps' && earlier !== undefined && earlier.changed && earlier.output === undefined;
  });
}
