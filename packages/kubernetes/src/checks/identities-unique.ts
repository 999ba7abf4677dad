import { defineCheck, fail, listFact, pass } from '@claw-run/core';
import * as z from 'zod';
import { name, path } from '../inputs.ts';
import { count, listed } from '../lib/json-at.ts';
import { valueAt } from '../lib/path.ts';

export const identitiesUnique = defineCheck({
  id: 'kubernetes.identities-unique',
  on: 'cluster',
  summary: 'No two objects of a kind bear the same identity',
  description: 'Objects without a value at the path, and objects that are being deleted, do not count.',
  input: z.strictObject({
    'api-version': z.string().describe('Such as openclaw.io/v1'),
    kind: z.string().describe('Such as Worker'),
    namespace: name.optional().describe('All namespaces where absent'),
    selector: z.string().min(1).optional().describe('Label selector, to look at some of them only'),
    path: path.describe('Where the identity is, such as spec.identity'),
  }),
  examples: [
    { title: 'Workers', with: { 'api-version': 'openclaw.io/v1', kind: 'Worker', path: 'spec.identity' } },
  ],
  facts: (input) => ({
    identities: listFact({
      key: `${input.kind} identities ${input.namespace ?? 'in all namespaces'}`,
      list: {
        apiVersion: input['api-version'],
        kind: input.kind,
        ...(input.namespace === undefined ? {} : { namespace: input.namespace }),
        ...(input.selector === undefined ? {} : { labels: input.selector }),
      },
      parse: (items) =>
        items
          .filter((item) => item.metadata.deletionTimestamp === undefined)
          .map((item) => ({
            object: [item.metadata.namespace, item.metadata.name]
              .filter((part) => part !== undefined)
              .join('/'),
            identity: valueAt(item, input.path) ?? null,
          })),
    }),
  }),
  expect: (input, seen) => {
    const known = seen.identities.filter((one) => one.identity !== null);
    const groups = Map.groupBy(known, (one) => String(one.identity));
    const shared = [...groups].filter(([, users]) => users.length > 1);
    if (shared.length === 0)
      return pass(`${count(known.length, input.kind)}, each with an identity of its own`, known);
    const told = shared.map(
      ([identity, users]) => `${identity} is shared by ${listed(users.map((one) => one.object))}`,
    );
    return fail(
      told.join('; '),
      Object.fromEntries(shared.map(([identity, users]) => [identity, users.map((one) => one.object)])),
    );
  },
});
