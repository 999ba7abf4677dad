import {
  type ClusterAction,
  type DryRunResult,
  nameOf,
  type PlannedStep,
  type Problem,
  problemOf,
} from '@claw-run/core';
import { checkInterrupt } from './interrupt.ts';
import { isClusterAction, objectOf } from './predict.ts';
import type { Session } from './session.ts';

/**
 * What quotas, policies and webhooks of a cluster would refuse, asked by dry runs before the first change. Of each object only the first write is tried, and none in
 * a namespace that the plan itself makes; where the server cannot tell, nothing is foreseen.
 */
export async function foreseen(
  session: Session,
  changes: readonly PlannedStep[],
): Promise<readonly Problem[]> {
  const tried = new Set<string>();
  const made = new Set<string>();
  const problems = await Promise.all(
    changes.flatMap(({ on, name, plan }) => {
      const actions = plan.plan === 'change' ? plan.actions.filter(isClusterAction) : [];
      return actions.flatMap((action) => {
        const ref = objectOf(action);
        const key = `${on} ${nameOf(ref)}`;
        const first = !tried.has(key) && !made.has(`${on} ${ref.namespace}`);
        tried.add(key);
        if (ref.kind === 'Namespace') made.add(`${on} ${ref.name}`);
        return first && (action.do === 'create' || action.do === 'patch')
          ? [refusalOf(session, { on, name, action })]
          : [];
      });
    }),
  );
  return problems.flat();
}

async function refusalOf(
  session: Session,
  { on, name, action }: { on: string; name: string; action: ClusterAction },
): Promise<readonly Problem[]> {
  try {
    const { connection } = session.world(on);
    if (connection.kind !== 'cluster') return [];
    const read = { read: 'dry-run', action } as const;
    const answer = (await connection.read(read, { signal: session.signal })) as DryRunResult;
    if (answer.ok || !/^admission webhook .* denied the request| is forbidden: /.test(answer.message))
      return [];
    const hint =
      'a quota, a policy or a webhook of the cluster refuses it: change that, or what is asked for';
    return [{ code: 'refused', message: `${name}: ${answer.message}`, hint }];
  } catch (error) {
    problemOf(error);
    checkInterrupt(session.signal);
    return [];
  }
}
