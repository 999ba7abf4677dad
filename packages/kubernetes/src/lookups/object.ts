import { defineLookup, nameOf, type ObjectRef, objectFact } from '@claw-run/core';
import * as z from 'zod';
import { storedObject } from '../facts/stored-object.ts';
import { name, path } from '../inputs.ts';
import { valueAt } from '../lib/path.ts';

export const object = defineLookup({
  id: 'kubernetes.object',
  on: 'cluster',
  summary: 'An object of the cluster, or a part of it',
  description:
    'The data of a Secret stays opaque. The whole object comes without its status; `path: status.…` reads from it.',
  input: z.strictObject({
    'api-version': z.string().describe('Such as v1 or apps/v1'),
    kind: z.string().describe('Such as Deployment'),
    name: name.describe('Name of the object'),
    namespace: name.optional().describe('Its namespace, unless it belongs to none'),
    path: path.optional().describe('Only this part, such as spec.replicas'),
  }),
  examples: [
    {
      title: 'How many pods of a set',
      with: {
        'api-version': 'apps/v1',
        kind: 'StatefulSet',
        name: 'db',
        namespace: 'production',
        path: 'spec.replicas',
      },
    },
  ],
  facts: (input) => ({
    object: storedObject(ref(input)),
    status: objectFact({
      key: `${nameOf(ref(input))} status ${input.path ?? ''}`,
      ref: ref(input),
      parse: (object) =>
        object === null || !input.path?.startsWith('status') ? null : (valueAt(object, input.path) ?? null),
    }),
  }),
  // Not only JSON: the data of a Secret is opaque.
  output: z.unknown(),
  value: (input, seen) => {
    if (seen.object === null) return undefined;
    if (input.path === undefined) return seen.object;
    return input.path.startsWith('status') ? (seen.status ?? undefined) : valueAt(seen.object, input.path);
  },
});

function ref(input: {
  'api-version': string;
  kind: string;
  name: string;
  namespace?: string | undefined;
}): ObjectRef {
  const { 'api-version': apiVersion, kind, name, namespace } = input;
  return namespace === undefined ? { apiVersion, kind, name } : { apiVersion, kind, name, namespace };
}
