import { type ClusterAction, defineState, objectFact, refused } from '@claw-run/core';
import * as z from 'zod';
import { name, namespace } from '../inputs.ts';
import { mapAt } from '../lib/json-at.ts';

export const quota = defineState({
  id: 'kubernetes.quota',
  on: 'cluster',
  summary: 'A ResourceQuota allows so much of a resource',
  description:
    'Sets one amount in `spec.hard`; the others stay. A quota is a decision of whoever runs the cluster: have it asked for.',
  risk: 'routine',
  input: z.strictObject({
    name: name.describe('Name of the ResourceQuota'),
    namespace,
    resource: z
      .string()
      .min(1)
      .describe('As the quota names it: pods, requests.cpu, count/tasks.openclaw.io'),
    hard: z.union([z.string().min(1), z.int().min(0).transform(String)]).describe('How much there may be'),
  }),
  examples: [
    {
      title: 'More tasks',
      with: {
        name: 'openclaw-tasks',
        namespace: 'production',
        resource: 'count/tasks.openclaw.io',
        hard: 50,
      },
    },
  ],
  facts: (input) => ({
    hard: objectFact({
      key: `ResourceQuota ${input.namespace}/${input.name} ${input.resource}`,
      ref: ref(input),
      parse: (object): { readonly amount: string | null } | null => {
        if (object === null) return null;
        const found = mapAt(object, 'spec', 'hard')[input.resource];
        return { amount: found === undefined ? null : String(found) };
      },
    }),
  }),
  desire: (input, { hard }) =>
    hard === null || hard.amount === null
      ? refused(
          `${hard === null ? 'there is no' : 'nothing is limited by'} ResourceQuota ${input.namespace}/${input.name}${hard === null ? '' : ` of ${input.resource}`}`,
          'correct `name` or `resource`',
        )
      : { hard: { amount: input.hard } },
  actions: (from, to, input): readonly ClusterAction[] => {
    const [before, after] = [from.hard?.amount ?? null, to.hard?.amount ?? null];
    if (before === null || after === null || before === after) return [];
    const path = `/spec/hard/${input.resource.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    return [
      {
        do: 'patch',
        ref: ref(input),
        patch: [
          { op: 'test', path, value: before },
          { op: 'replace', path, value: after },
        ],
      },
    ];
  },
});

function ref(input: { readonly name: string; readonly namespace: string }) {
  return { apiVersion: 'v1', kind: 'ResourceQuota', name: input.name, namespace: input.namespace };
}
