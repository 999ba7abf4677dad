import {
  type AnyEvent,
  type AnyState,
  ClawError,
  type PlannedStep,
  type Problem,
  type Step,
} from '@claw-run/core';
import { act, changing, checkJournal, locked, openJournal, verified } from './carry-out.ts';
import { causesIn, leftByPlan } from './causes-left.ts';
import { type Context, createContext, type Ended, ended } from './context.ts';
import { diagnose } from './diagnose.ts';
import { foreseen } from './foresee.ts';
import { foldJournal, type History } from './history.ts';
import { newIdentity } from './identity.ts';
import { checkInterrupt } from './interrupt.ts';
import type { Journal } from './journal-store.ts';
import { missedEvents } from './missed-events.ts';
import { ownedError } from './owned-error.ts';
import { changedIds, planSteps, recordPlan } from './plan.ts';
import { planResume } from './plan-resume.ts';
import { planRollBack } from './plan-roll-back.ts';
import { preflight, refuseUnread } from './preflight.ts';
import { deniedReads } from './read-grants.ts';
import { leftBehind, rollBack } from './roll-back.ts';
import type { RunOptions, RunOutcome } from './run-options.ts';
import type { Session } from './session.ts';
import { planProofs, rehearse } from './verify.ts';

/** Diagnose, plan, preflight, confirm, act, verify; on failure roll back. Never throws for what a user can fix. */
export async function run(options: RunOptions): Promise<RunOutcome> {
  const began = options.now?.() ?? new Date();
  // what changes nothing has no journal, and its id no order
  const journals = (options.mode ?? 'apply') === 'apply' ? options.journals : undefined;
  const context = createContext(options, options.identity ?? (await newIdentity(began, journals)));
  return context.conclude(async () => {
    const { session } = context;
    await announce(context);
    const diagnosis = await diagnose(session);
    context.causes = diagnosis.causes;
    if (diagnosis.blocked.length > 0) return refuseUnread(context, diagnosis.blocked);
    if (options.mode === 'diagnose') return foundOut(context, session.runbook.steps);
    const planned = await planSteps(session, options.select ?? (() => undefined));
    context.steps = planned;
    return decide(context, planned);
  });
}

/** Goes on with a run that stopped half way: what was done is found by looking. */
export async function resume(options: RunOptions & { readonly journal: Journal }): Promise<RunOutcome> {
  const owned = await takeJournal(options);
  const { opened, reverting, ended: over, begun, lost } = foldJournal(options.journal.records);
  if (opened === undefined)
    throw new ClawError('journal-damaged', 'the journal does not say what was planned');
  const identity = { run: opened.run, startedAt: opened.startedAt };
  const context = createContext(
    { ...options, ...partOf(opened), params: opened.params as RunOptions['params'] & object },
    identity,
    options.journal,
  );
  return context.conclude(async () => {
    const { session } = context;
    if (owned !== undefined) throw owned;
    if (over === 'ok') return ended('ok');
    if (lost !== undefined)
      return ended('refused', [
        {
          code: 'journal-damaged',
          message: `a part of the journal of ${opened.run} is not believed`,
          hint: `claw-run rollback ${opened.run} rolls back what the rest says`,
        },
      ]);
    if (reverting) {
      return ended('refused', [
        {
          code: 'usage',
          message: `run ${opened.run} was being rolled back`,
          hint: `claw-run rollback ${opened.run} goes on with that`,
        },
      ]);
    }
    restoreScope(session, opened);
    context.causes = causesIn(options.journal.records);
    context.steps = opened.steps;
    context.proofs = opened.proofs;
    await announce(context);
    const left = await planResume(session, foldJournal(options.journal.records), opened.steps);
    const refused = await approve(context, left, 'resume');
    if (refused !== undefined) return refused;
    await session.keepIn(options.journal.append, { type: 'journal.resumed', who: options.who });
    const acting = new Set([...changedIds(opened.steps), ...begun.map(({ id }) => id)]);
    const targets = opened.steps.filter(({ id }) => acting.has(id)).map(({ on }) => on);
    return locked(context, targets, (locks) => act(context, opened.steps, locks));
  });
}

/** Rolls back a run from its journal, the last step first, once what that does was shown and agreed to. */
export async function undoRun(
  options: RunOptions & {
    readonly journal: Journal;
    readonly definition: (id: string) => AnyState | AnyEvent | undefined;
    readonly force?: boolean;
  },
): Promise<RunOutcome> {
  const owned = await takeJournal(options);
  const { opened, begun, lost } = foldJournal(options.journal.records);
  if (opened === undefined) throw new ClawError('journal-damaged', 'the journal does not say what was done');
  const context = createContext(
    { ...options, ...partOf(opened) },
    { run: opened.run, startedAt: opened.startedAt },
    options.journal,
  );
  return context.conclude(async () => {
    const { session } = context;
    if (owned !== undefined) throw owned;
    const how = { definition: options.definition, ...(options.force ? { force: true } : {}) };
    await announce(context, 'Rolling back: ');
    const missed = await missedEvents(session, { begun, steps: opened.steps }, how);
    const all = [...begun, ...missed];
    const refused = await approve(context, await planRollBack(session, all, how), 'rollback');
    if (refused !== undefined) return refused;
    await session.keepIn(options.journal.append);
    for (const { id, phase, step, before, after } of missed)
      await session.record({ type: 'step.observed', id, phase, step, before, after, elsewhere: true });
    return locked(
      context,
      // those of a run that died before its first action too: its lock is still there
      [...begun.map(({ step }) => step.on), ...changing(opened.steps)],
      async ({ check }) => {
        const reverted = await rollBack(session, all, { ...how, checkpoint: check });
        const left = [...leftBehind(reverted, all), ...unbelieved(lost, opened.steps, all)];
        return left.length === 0 ? ended('ok') : ended('roll-back-incomplete', left);
      },
    );
  });
}

/** What a rollback by the trusted part of a journal leaves: steps of which it does not say whether they acted. */
function unbelieved(
  lost: string | undefined,
  planned: readonly PlannedStep[],
  begun: History['begun'],
): readonly Problem[] {
  if (lost === undefined) return [];
  const silent = planned.filter(
    ({ id, plan }) => plan.plan === 'change' && !begun.some((each) => each.id === id),
  );
  const names = silent.map(({ name }) => name).join('; ');
  const what =
    names === ''
      ? 'all its steps are in the trusted part'
      : `these steps may have acted and were left alone: ${names}`;
  return [{ code: 'journal-damaged', message: `${lost}; ${what}`, hint: 'look at what they change by hand' }];
}

/** Makes a past run this process's own, where it is to act. @returns why not, where another process has it */
async function takeJournal({
  journal,
  mode,
  breakLock,
}: RunOptions & { readonly journal: Journal }): Promise<ClawError | undefined> {
  if (mode === 'plan') return undefined;
  const by = await journal.take(breakLock === true ? { force: true } : {});
  return by === undefined ? undefined : ownedError(journal.records, by);
}

function partOf({ fleet, host }: NonNullable<History['opened']>): Pick<RunOptions, 'part'> {
  return fleet === undefined || host === undefined ? {} : { part: { fleet, host } };
}

/** The trace of the caller, where it names one as W3C Trace Context does: what does not look like it is left out. */
export function tracedBy({ traceparent }: Pick<RunOptions, 'traceparent'>): {
  readonly traceparent?: string;
} {
  const fits =
    traceparent !== undefined && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent);
  return fits ? { traceparent } : {};
}

async function announce({ session, options }: Context, doing = ''): Promise<void> {
  const { runbook, dryRun } = session;
  const targets = Object.fromEntries(Object.entries(session.scope().targets));
  await session.record({
    type: 'run.started',
    runbook: runbook.name,
    title: `${doing}${runbook.title}`,
    dryRun,
    targets,
    ...tracedBy(options),
  });
}

/** From the plan to its end: refuse, find nothing to do, tell, or ask and act. */
async function decide(context: Context, planned: readonly PlannedStep[]): Promise<Ended> {
  const { options, session, decisions } = context;
  const refusals = planned.flatMap(({ plan }) => (plan.plan === 'refused' ? [plan.problem] : []));
  const stale = options.agreed?.(planned);
  if (stale !== undefined) return ended('stale-plan', [stale]);
  if (refusals.some(({ code }) => code === 'forbidden')) return refuseUnread(context, refusals);
  if (refusals.length > 0) return ended('refused', refusals);
  const changes = planned.filter(({ plan }) => plan.plan === 'change');
  if (changes.length === 0) {
    if (options.mode === 'plan') return foundOut(context, []);
    return verified(context, [], () => checkInterrupt(session.signal));
  }
  context.proofs = await planProofs(session, changedIds(planned));
  const impossible = context.proofs.flatMap(({ plan }) => (plan.plan === 'refused' ? [plan.problem] : []));
  if (impossible.length > 0)
    return impossible.some(({ code }) => code === 'forbidden')
      ? refuseUnread(context, impossible)
      : ended('refused', impossible);
  const { denied, missing: programs, worlds } = await rehearse(session);
  if (programs.length > 0) return ended('refused', programs);
  const unread = denied.length === 0 ? { grants: [], sudo: [] } : await deniedReads(session, worlds);
  await preflight(context, [...changes, ...context.proofs], unread);
  const missing = context.missing.grants.length + context.missing.sudo.length;
  if (missing > 0) {
    return ended('refused', [
      {
        code: 'forbidden',
        message: `${missing} ${missing === 1 ? 'right is' : 'rights are'} missing for what is planned`,
        hint: context.missing.sudo.some(({ because }) => because === 'password')
          ? 'give the password of sudo, or grant what is printed, then run again'
          : 'grant what is printed, then run again',
      },
    ]);
  }
  const refused = await foreseen(session, changes);
  if (refused.length > 0) return ended('refused', refused);
  if (options.mode === 'plan') return foundOut(context, changesOf(session, planned));
  await checkJournal(context, planned);
  const answer = await decisions.confirm(planned, 'run');
  if (answer !== 'yes') return notApproved(answer, 'approve with --yes, or save the plan and apply it');
  await session.record({ type: 'run.confirmed' });
  checkInterrupt(session.signal);
  return locked(context, changing(planned), async (locks) => {
    await openJournal(context, planned);
    return act(context, planned, locks);
  });
}

function notApproved(answer: 'no' | 'nobody', hint: string): Ended {
  if (answer === 'no') return ended('cancelled');
  const message = 'approval needed, and no terminal to ask on';
  return ended('waiting-for-approval', [{ code: 'cancelled', message, hint }]);
}

/** Tells a plan and has it agreed to; where it changes nothing, nobody is asked. */
async function approve(
  context: Context,
  planned: readonly PlannedStep[],
  what: 'resume' | 'rollback',
): Promise<Ended | undefined> {
  const { session, decisions, options } = context;
  for (const step of planned) await recordPlan(session, step, what);
  if (options.mode === 'plan') {
    context.steps = planned;
    return ended('ok');
  }
  if (changing(planned).length === 0) return undefined;
  const answer = await decisions.confirm(planned, what);
  if (answer !== 'yes') return notApproved(answer, 'approve with --yes');
  await session.record({ type: 'run.confirmed' });
  return undefined;
}

/** The end of a run that only looks: `ok` where every cause is known, and what was found is for `steps` to fix. */
function foundOut({ causes }: Context, steps: readonly Step[]): Ended {
  const left = leftByPlan(causes, steps);
  return left.length === 0 ? ended('ok') : ended('unresolved', left);
}

function changesOf(session: Session, planned: readonly PlannedStep[]): readonly Step[] {
  const changed = changedIds(planned);
  return session.runbook.steps.filter(({ id }) => changed.includes(id));
}

function restoreScope(session: Session, opened: NonNullable<History['opened']>): void {
  for (const [name, value] of Object.entries(opened.facts)) session.setFact(name, value);
  for (const [name, cause] of Object.entries(opened.causes))
    session.setCause(name, cause as unknown as { found: boolean; excluded: boolean; unknown: boolean });
  for (const { id, plan } of opened.steps) {
    const skipped = plan.plan === 'skipped' || plan.plan === 'refused';
    session.setStep(id, { changed: plan.plan === 'change', skipped });
  }
}
