import type { Action, HostRead, PlannedStep, Problem } from '@claw-run/core';
import { type Context, type Ended, ended } from './context.ts';
import { missingGrants } from './grant.ts';
import { lookAt, parseInput } from './look.ts';
import { type MissingRights, missingReadGrants } from './read-grants.ts';
import type { Session } from './session.ts';
import { refusedSudo } from './sudo-grant.ts';

/** Learns which rights are missing for the changes, besides those that are known to be missing for reading. */
export async function preflight(
  context: Context,
  changes: readonly PlannedStep[],
  unread: MissingRights,
): Promise<void> {
  const { session } = context;
  const grants = [...unread.grants];
  const sudo = [...unread.sudo];
  for (const [target, own] of Map.groupBy(changes, ({ on }) => on)) {
    const { connection } = session.world(target);
    const actions = own.flatMap(({ plan }) => (plan.plan === 'change' ? plan.actions : []));
    if (connection.kind === 'cluster') {
      const reversible = own.flatMap(({ plan }) =>
        plan.plan === 'change' && plan.irreversible === undefined ? plan.actions : [],
      );
      grants.push(...(await missingGrants(target, connection, { actions, reversible }, session)));
    } else {
      const more = await Promise.all(own.map((step) => besides(session, step)));
      sudo.push(...(await refusedSudo(target, connection, [...actions, ...more.flat()], session.signal)));
    }
  }
  await tellMissing(context, { grants, sudo });
}

/** Facts could not be read. Where that was for lack of rights, everything that this runbook reads, as far as it is known, is asked for at once. */
export async function refuseUnread(context: Context, unread: readonly Problem[]): Promise<Ended> {
  if (unread.some(({ code }) => code === 'forbidden'))
    await tellMissing(context, await missingReadGrants(context.session));
  return ended('refused', unread);
}

async function tellMissing(context: Context, missing: MissingRights): Promise<void> {
  const { grants, sudo } = missing;
  context.missing = missing;
  if (grants.length === 0 && sudo.length === 0) return;
  await context.session.record({
    type: 'grants.missing',
    grants,
    ...(sudo.length === 0 ? {} : { sudo }),
  });
}

/**
 * What a planned step needs besides its actions: the reads that tell whether it holds, since what is not there yet may be readable for root alone once it is;
 * and of a state, the actions that would take it back. Of an event they are known only once it has happened.
 */
async function besides(session: Session, step: PlannedStep): Promise<readonly (Action | HostRead)[]> {
  const { plan } = step;
  const uses = session.runbook.steps.find(({ id }) => id === step.id)?.uses;
  if (uses === undefined || plan.plan !== 'change' || plan.deferred !== undefined) return [];
  const input = parseInput(uses, step.with, step.id);
  const look = await lookAt(session.world(step.on), uses, input, session.signal);
  if (look.look !== 'seen') return [];
  const reads = Object.values(look.facts).map(({ read }) => read as HostRead);
  if (uses.type !== 'state') return reads;
  return [
    ...reads,
    ...uses.actions({ ...look.seen, ...plan.after }, { ...look.seen, ...plan.before }, input),
  ];
}
