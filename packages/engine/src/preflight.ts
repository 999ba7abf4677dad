import type { PlannedStep, Problem } from '@claw-run/core';
import { type Context, type Ended, ended } from './context.ts';
import { type Grant, missingGrants } from './grant.ts';
import { missingReadGrants } from './read-grants.ts';

/** Learns which rights are missing for the changes, besides those that are known to be missing for reading. */
export async function preflight(
  context: Context,
  changes: readonly PlannedStep[],
  unread: readonly Grant[],
): Promise<void> {
  const { session } = context;
  context.missing = unread;
  for (const target of new Set(changes.map(({ on }) => on))) {
    const { connection } = session.world(target);
    if (connection.kind !== 'cluster') continue;
    const actions = changes.flatMap(({ on, plan }) =>
      on === target && plan.plan === 'change' ? plan.actions : [],
    );
    context.missing = [...context.missing, ...(await missingGrants(target, connection, actions, session))];
  }
  if (context.missing.length > 0) await session.record({ type: 'grants.missing', grants: context.missing });
}

/** Facts could not be read. Where that was for lack of rights, everything that this runbook reads, as far as it is known, is asked for at once. */
export async function refuseUnread(context: Context, unread: readonly Problem[]): Promise<Ended> {
  const { session } = context;
  if (unread.some(({ code }) => code === 'forbidden')) {
    context.missing = await missingReadGrants(session);
    await session.record({ type: 'grants.missing', grants: context.missing });
  }
  const problems = new Map(unread.map((problem) => [problem.message, problem]));
  return ended('refused', [...problems.values()]);
}
