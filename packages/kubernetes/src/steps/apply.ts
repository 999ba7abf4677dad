import {
  type ClusterObject,
  defineState,
  type Fact,
  isRefused,
  nameOf,
  type Refused,
  refOf,
  refused,
} from '@claw-run/core';
import * as z from 'zod';
import { objectActions, replacementReason } from '../actions/object-actions.ts';
import { applyAction, applyOutcome, type Outcome } from '../facts/dry-run.ts';
import { presence, storedObject } from '../facts/stored-object.ts';
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
} & { [K in `home ${string}`]: Fact<'cluster', boolean> };

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
  facts: (input): Applied =>
    Object.assign({}, ...objectsOf(input).map((object) => factsOf(object, input.force))),
  desire: (input, seen) => {
    const predicted: { [K in `object ${string}`]: ClusterObject | null } = {};
    for (const object of objectsOf(input)) {
      const name = nameOf(refOf(object));
      const outcome = seen[`outcome ${name}`];
      const home = seen[`home ${name}`] ?? true;
      const after = desired(object, seen[`object ${name}`] ?? null, outcome, home);
      if (isRefused(after)) return after;
      predicted[`object ${name}`] = after;
    }
    return predicted;
  },
  actions: (from, to, input) =>
    objectsOf(input).flatMap((object) => {
      const name = nameOf(refOf(object));
      const [before, after] = [from[`object ${name}`] ?? null, to[`object ${name}`] ?? null];
      const forward = after !== null && covers(after, object) && (before === null || !covers(before, object));
      return forward ? [applyAction(object, input.force)] : objectActions(before, after);
    }),
  explain: (from, to, input) => {
    const lines = objectsOf(input).flatMap((object) => {
      const name = nameOf(refOf(object));
      const tried = from[`unforced ${name}`];
      const taken = tried === undefined || tried.ok ? [] : tried.conflicts;
      const replaced = replacementReason(from[`object ${name}`] ?? null, to[`object ${name}`] ?? null);
      return [
        ...(replaced === undefined ? [] : [`${name} ${replaced}`]),
        ...taken.map((one) => `${name} ${one.field} is taken over from ${one.manager}`),
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

function factsOf(object: ClusterObject, force: boolean): Applied {
  const ref = refOf(object);
  const name = nameOf(ref);
  const home = { apiVersion: 'v1', kind: 'Namespace', name: ref.namespace ?? '' };
  const facts: Applied = {};
  facts[`object ${name}`] = storedObject(ref);
  facts[`outcome ${name}`] = applyOutcome(object, force);
  if (force) facts[`unforced ${name}`] = applyOutcome(object, false);
  if (ref.namespace !== undefined) facts[`home ${name}`] = presence(home);
  return facts;
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
  if (outcome === undefined || (outcome.reason === 'NotFound' && outcome.message.startsWith('namespaces '))) {
    return laidOver(stored ?? undefined, object) as ClusterObject;
  }
  if (outcome.conflicts.length > 0) {
    const fields = outcome.conflicts.map((one) => `${one.field} (managed by ${one.manager})`);
    return refused(
      `${name} has fields that others manage: ${listed(fields)}`,
      'leave them out, or say `force: true` to take them over',
    );
  }
  return refused(`the server does not take ${name}: ${outcome.message}`, 'correct the manifest');
}
