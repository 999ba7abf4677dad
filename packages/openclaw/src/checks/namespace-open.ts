import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { field, textsField, yamlEntry } from '../facts/yaml-entry.ts';

export const namespaceOpen = defineCheck({
  id: 'openclaw.namespace-open',
  on: 'cluster',
  summary: 'The security policy takes connections of a namespace',
  description:
    'While `workers.blocked_namespaces` of the policy names a namespace, its workers cannot even connect: clw-cluster-unreachable, where a namespace that is only not allowed is denied.',
  input: z.strictObject({
    namespace: z.string().min(1).describe('Namespace of the workers'),
    'policy-namespace': z
      .string()
      .min(1)
      .default('openclaw-system')
      .describe('Namespace of the security policy'),
  }),
  examples: [{ title: 'Of production', with: { namespace: 'production' } }],
  facts: (input) => ({
    policy: yamlEntry({
      name: 'openclaw-security-policy',
      namespace: input['policy-namespace'],
      key: 'policy.yaml',
    }),
  }),
  expect: ({ namespace }, { policy }) => {
    const workers = field(policy, 'workers');
    if (workers === undefined) return unknown('there is no security policy to go by');
    const blocked = textsField(workers, 'blocked_namespaces');
    return blocked.includes(namespace)
      ? fail(`the security policy blocks connections of ${namespace}`, { blocked })
      : pass(`the security policy does not block ${namespace}`, { blocked });
  },
});
