import {
  type ClusterAction,
  type ClusterObject,
  type DryRunResult,
  dryRunFact,
  type Fact,
  nameOf,
  refOf,
} from '@claw-run/core';
import { listAt, textAt } from '../lib/json-at.ts';
import { appliedForm } from './applied-form.ts';
import { type Owners, ownersOf } from './owners.ts';

/** What the server would make of an object, or why it would not take it. */
export type Outcome =
  | { readonly ok: true; readonly object: ClusterObject; readonly owners: Owners | null }
  | {
      readonly ok: false;
      readonly reason: string;
      readonly message: string;
      readonly conflicts: readonly Conflict[];
    };

/** A field that another manager owns. */
export interface Conflict {
  readonly field: string;
  readonly manager: string;
}

/** Server-side apply, tried. */
export function applyOutcome(object: ClusterObject, force: boolean): Fact<'cluster', Outcome> {
  return dryRunFact({
    key: `${nameOf(refOf(object))} applied${force ? ' by force' : ''}, tried`,
    action: applyAction(object, force),
    parse: parseOutcome,
  });
}

export function applyAction(object: ClusterObject, force: boolean): ClusterAction {
  return force ? { do: 'apply', object, force } : { do: 'apply', object };
}

function parseOutcome(raw: DryRunResult): Outcome {
  if (raw.ok) return { ok: true, object: appliedForm(raw.object), owners: ownersOf(raw.object) };
  const conflicts = listAt(raw.details, 'causes')
    .filter((cause) => textAt(cause, 'reason') === 'FieldManagerConflict')
    .map((cause) => ({
      field: textAt(cause, 'field') ?? '?',
      manager: /conflict with "([^"]+)"/.exec(textAt(cause, 'message') ?? '')?.[1] ?? 'another manager',
    }));
  return { ok: false, reason: raw.reason, message: raw.message, conflicts };
}
