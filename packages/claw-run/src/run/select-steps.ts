import type { Runbook } from '@claw-run/core';
import { nearest } from '@claw-run/runbook';
import { UsageError } from '../cli/usage-error.ts';

/** Which steps take part. */
export interface Selection {
  readonly from?: string | undefined;
  readonly only?: readonly string[] | undefined;
}

/** Why a step is left out, or nothing. @throws UsageError for a step that the runbook does not have */
export function selectSteps(runbook: Runbook, { from, only }: Selection): (id: string) => string | undefined {
  const ids = runbook.steps.map(({ id }) => id);
  for (const id of [...(from === undefined ? [] : [from]), ...(only ?? [])]) {
    if (ids.includes(id)) continue;
    const near = nearest(id, ids);
    throw new UsageError(
      `the runbook has no step ${id}${near === undefined ? '' : `; did you mean ${near}?`}`,
      `its steps are: ${ids.join(', ')}`,
    );
  }
  const first = from === undefined ? 0 : ids.indexOf(from);
  return (id) => {
    if (ids.indexOf(id) < first) return `left out: it comes before ${from}`;
    if (only !== undefined && !only.includes(id)) return `left out: only ${only.join(', ')}`;
    return undefined;
  };
}
