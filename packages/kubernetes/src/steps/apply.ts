import {
  type ClusterObject,
  defineState,
  equal,
  type Fact,
  isRefused,
  type Json,
  nameOf,
  type Refused,
  refOf,
  refused,
} from '@claw-run/core';
import * as z from 'zod';
import { applyUndoActions } from '../actions/apply-undo-actions.ts';
import { replacementReason } from '../actions/object-actions.ts';
import { appliedObject } from '../facts/applied-form.ts';
import { applyAction, applyOutcome, type Conflict, type Outcome } from '../facts/dry-run.ts';
import { type Owners, ours, ownEntries, owners } from '../facts/owners.ts';
import { presence } from '../facts/stored-object.ts';
import { name } from '../inputs.ts';
import { listed } from '../lib/json-at.ts';
import { covers, laidOver, manifest } from '../lib/manifest.ts';

const input = z.strictObject({
  manifest: manifest.describe('One or several objects, as YAML text or as they are'),
  namespace: name
    .optional()
    .describe('Namespace of the objects that name none; leave it out for objects of the cluster'),
  force: z.boolean().default(false).describe('Take over fields that others manage'),
});

type Input = z.output<typeof input>;
type Applied = { [K in `object ${string}`]: Fact<'cluster', ClusterObject | null> } & {
  [K in `outcome ${string}` | `unforced ${string}`]: Fact<'cluster', Outcome>;
} & { [K in `owners ${string}`]: Fact<'cluster', Owners | null> } & {
  [K in `own ${string}`]: Fact<'cluster', readonly Json[]>;
};

export const apply = defineState({
  id: 'kubernetes.apply',
  on: 'cluster',
  summary: 'Objects are as a manifest says',
  description:
    'Server-side apply under the field manager `claw-run`. What comes of it is foretold by the server itself, admission ' +
    'and defaults included. A field that another manager owns is refused by name, unless `force` takes it over. ' +
    'https://kubernetes.io/docs/reference/using-api/server-side-apply/',
  risk: 'routine',
  input,
  examples: [
    {
      title: 'A ConfigMap',
      with: {
        manifest:
          'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: motd, namespace: production }\ndata: { text: hello }\n',
      },
    },
  ],
  facts: (input): Applied => Object.assign({}, ...objectsOf(input).map(factsOf)),
  // An earlier step may make the namespace: then the server cannot tell yet, but we can.
  moreFacts: (input, seen): { [K in `home ${string}`]: Fact<'cluster', boolean> } =>
    Object.fromEntries(
      objectsOf(input).flatMap((object) => {
        const name = nameOf(refOf(object));
        const home = { apiVersion: 'v1', kind: 'Namespace', name: object.metadata.namespace ?? '' };
        return isHomeless(seen[`outcome ${name}`]) ? [[`home ${name}`, presence(home)]] : [];
      }),
    ),
  desire: (input, seen) => {
    const predicted: { [K in `object ${string}`]: ClusterObject | null } & {
      [K in `owners ${string}`]: Owners | null;
    } = {};
    for (const object of objectsOf(input)) {
      const name = nameOf(refOf(object));
      const [outcome, unforced] = [seen[`outcome ${name}`], seen[`unforced ${name}`]];
      const home = seen[`home ${name}`] ?? true;
      const after =
        foreignConflict(input, name, unforced) ??
        desired(object, seen[`object ${name}`] ?? null, outcome, home);
      if (isRefused(after)) return after;
      const before = seen[`object ${name}`] ?? null;
      predicted[`object ${name}`] = after;
      // whose the fields were is part of what is given back
      if (outcome?.ok && before !== null && !equal(before, after))
        predicted[`owners ${name}`] = outcome.owners;
    }
    return predicted;
  },
  actions: (from, to, input) =>
    objectsOf(input).flatMap((object) => {
      const name = nameOf(refOf(object));
      const [before, after] = [from[`object ${name}`] ?? null, to[`object ${name}`] ?? null];
      if (isForward(object, { before, after, outcome: from[`outcome ${name}`] }))
        return [applyAction(object, input.force || conflictsOf(from[`unforced ${name}`]).length > 0)];
      const owned = {
        from: from[`owners ${name}`],
        to: to[`owners ${name}`],
        own: from[`own ${name}`] ?? [],
      };
      return applyUndoActions(before, after, owned);
    }),
  explain: (from, to, input) => {
    const lines = objectsOf(input).flatMap((object) => {
      const name = nameOf(refOf(object));
      const taken = conflictsOf(from[`unforced ${name}`]).filter((one) => one.manager !== ours);
      const replaced = replacementReason(from[`object ${name}`] ?? null, to[`object ${name}`] ?? null);
      return [
        ...(replaced === undefined ? [] : [`${name} ${replaced}`]),
        ...taken.map((one) => `takes ${name} ${one.field} over from ${one.manager}`),
      ];
    });
    return lines.length === 0 ? undefined : lines.join('; ');
  },
});

function objectsOf(input: Input): readonly ClusterObject[] {
  return input.manifest.map((object) =>
    input.namespace === undefined || object.metadata.namespace !== undefined
      ? object
      : { ...object, metadata: { ...object.metadata, namespace: input.namespace } },
  );
}

function factsOf(object: ClusterObject): Applied {
  const ref = refOf(object);
  const name = nameOf(ref);
  const facts: Applied = {};
  facts[`object ${name}`] = appliedObject(ref);
  facts[`owners ${name}`] = owners(ref);
  facts[`own ${name}`] = ownEntries(ref);
  facts[`outcome ${name}`] = applyOutcome(object, true);
  facts[`unforced ${name}`] = applyOutcome(object, false);
  return facts;
}

/** Whether an apply leads there. What the manifest says may be stored in another form (1024Mi is 1Gi), so the server is asked where it answers. */
function isForward(
  object: ClusterObject,
  {
    before,
    after,
    outcome,
  }: { before: ClusterObject | null; after: ClusterObject | null; outcome: Outcome | undefined },
): boolean {
  if (after === null || equal(before, after)) return false;
  if (outcome?.ok) return equal(outcome.object, after);
  return covers(after, object) && (before === null || !covers(before, object));
}

/** Fields that we wrote by a patch have our name on them too, and are taken over without a word. */
function conflictsOf(outcome: Outcome | undefined): readonly Conflict[] {
  return outcome === undefined || outcome.ok ? [] : outcome.conflicts;
}

function isHomeless(outcome: Outcome | undefined): boolean {
  return outcome?.ok === false && outcome.reason === 'NotFound' && outcome.message.startsWith('namespaces ');
}

function foreignConflict(input: Input, name: string, unforced: Outcome | undefined): Refused | undefined {
  const foreign = conflictsOf(unforced).filter((one) => one.manager !== ours);
  if (input.force || foreign.length === 0) return undefined;
  const fields = foreign.map((one) => `${one.field} (managed by ${one.manager})`);
  return refused(
    `${name} has fields that others manage: ${listed(fields)}`,
    'leave them out, or say `force: true` to take them over',
  );
}

function desired(
  object: ClusterObject,
  stored: ClusterObject | null,
  outcome: Outcome | undefined,
  home: boolean,
): ClusterObject | Refused {
  const name = nameOf(refOf(object));
  if (outcome?.ok) return outcome.object;
  if (!home)
    return refused(
      `there is no namespace ${object.metadata.namespace} for ${name}`,
      'create it first: kubernetes.namespace',
    );
  if (outcome === undefined || isHomeless(outcome)) {
    return laidOver(stored ?? undefined, object) as ClusterObject;
  }
  return refused(`the server does not take ${name}: ${outcome.message}`, 'correct the manifest');
}
