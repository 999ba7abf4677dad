import { defineCheck, fail, objectFact, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { field, textField, yamlEntry } from '../facts/yaml-entry.ts';

export const identitiesDistinct = defineCheck({
  id: 'openclaw.identities-distinct',
  on: 'cluster',
  summary: 'The workers of a Deployment are configured to have an identity each',
  description:
    'A static identity is shared by all replicas, and the cluster denies all but one of them. This looks at the ' +
    'configuration, so that it can tell before any worker has got so far as to register.',
  input: z.strictObject({
    deployment: z.string().min(1).describe('Name of the Deployment'),
    namespace: z.string().min(1).describe('Its namespace, and that of the ConfigMap'),
    'config-map': z
      .string()
      .min(1)
      .default('worker-config')
      .describe('Name of the ConfigMap that configures the workers'),
    key: z.string().min(1).default('worker-config.yaml').describe('Key in it'),
  }),
  examples: [{ title: 'The workers', with: { deployment: 'openclaw-worker', namespace: 'production' } }],
  facts: ({ namespace, deployment, key, 'config-map': name }) => ({
    config: yamlEntry({ namespace, name, key }),
    replicas: objectFact({
      key: `Deployment ${namespace}/${deployment} replicas`,
      ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: deployment, namespace },
      parse: (object) => {
        const replicas = field(object?.spec, 'replicas');
        return object === null ? null : typeof replicas === 'number' ? replicas : 1;
      },
    }),
  }),
  expect: (input, seen) => {
    if (seen.replicas === null)
      return unknown(`there is no Deployment ${input.namespace}/${input.deployment}`);
    if (seen.config === null)
      return unknown(`${input.key} of ConfigMap ${input.namespace}/${input['config-map']} cannot be read`);
    const generation = textField(seen.config, 'worker', 'identity_generation') ?? 'auto';
    const identity = textField(seen.config, 'worker', 'identity') ?? '';
    const evidence = { identityGeneration: generation, identity, replicas: seen.replicas };
    return generation === 'static' && seen.replicas > 1
      ? fail(`${seen.replicas} workers share the static identity ${identity}`, evidence)
      : pass(
          generation === 'static' ? 'one worker has the static identity' : 'identities are generated',
          evidence,
        );
  },
});
