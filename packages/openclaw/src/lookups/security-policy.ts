import { defineLookup } from '@claw-run/core';
import * as z from 'zod';
import { field, textField, textsField, yamlEntry } from '../facts/yaml-entry.ts';

export const securityPolicy = defineLookup({
  id: 'openclaw.security-policy',
  on: 'cluster',
  summary: 'What the cluster asks of its workers',
  description:
    'Keys that the policy does not have give empty values, so that expressions need not ask for them.',
  input: z.strictObject({
    name: z.string().min(1).default('openclaw-security-policy').describe('Name of the ConfigMap'),
    namespace: z.string().min(1).default('openclaw-system').describe('Its namespace'),
    key: z.string().min(1).default('policy.yaml').describe('Key in it'),
  }),
  examples: [
    { title: 'The policy in force', with: {} },
    {
      title: 'The policy that was agreed to',
      with: { name: 'openclaw-policy-accepted', namespace: 'production' },
    },
  ],
  facts: (input) => ({ policy: yamlEntry(input) }),
  output: z.object({
    allowedNamespaces: z.array(z.string()),
    identityPatterns: z.array(z.string()),
    generator: z
      .string()
      .describe('The first identity pattern without its anchors: what workers can generate from'),
    requiredClusterRole: z.string(),
    audience: z.string().describe('Who a token must be for'),
    mtls: z.string(),
    blockedNamespaces: z.array(z.string()).describe('Whose connections are refused'),
  }),
  value: (_input, seen) => {
    const workers = field(seen.policy, 'workers');
    if (workers === undefined) return undefined;
    const identityPatterns = textsField(workers, 'identity_patterns');
    return {
      allowedNamespaces: textsField(workers, 'allowed_namespaces'),
      identityPatterns,
      generator: (identityPatterns[0] ?? '').replace(/^\^/, '').replace(/\$$/, ''),
      requiredClusterRole: textField(workers, 'required_cluster_role') ?? '',
      audience: textField(workers, 'token', 'audience') ?? '',
      mtls: textField(workers, 'mtls') ?? '',
      blockedNamespaces: textsField(workers, 'blocked_namespaces'),
    };
  },
});
