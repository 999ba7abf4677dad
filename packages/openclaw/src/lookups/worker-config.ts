import { defineLookup } from '@claw-run/core';
import * as z from 'zod';
import { textField, yamlEntry } from '../facts/yaml-entry.ts';

/** What workers generate their identity from when they are not told. */
const standardPattern = 'wrk_[a-z0-9]{8}';

export const workerConfig = defineLookup({
  id: 'openclaw.worker-config',
  on: 'cluster',
  summary: 'How workers are configured, with the standard values where nothing is set',
  input: z.strictObject({
    name: z.string().min(1).default('worker-config').describe('Name of the ConfigMap'),
    namespace: z.string().min(1).describe('Its namespace'),
    key: z.string().min(1).default('worker-config.yaml').describe('Key in it'),
  }),
  examples: [{ title: 'The workers of production', with: { namespace: 'production' } }],
  facts: (input) => ({ config: yamlEntry(input) }),
  output: z.object({
    identityGeneration: z.string().describe('`auto` or `static`'),
    identity: z.string().describe('Empty unless static'),
    identityPattern: z.string().describe(`\`${standardPattern}\` when it is not set`),
    namespace: z.string().describe('Empty when it is not set'),
    endpoint: z.string(),
    caBundle: z.string(),
  }),
  value: (_input, seen) =>
    seen.config === null
      ? undefined
      : {
          identityGeneration: textField(seen.config, 'worker', 'identity_generation') ?? 'auto',
          identity: textField(seen.config, 'worker', 'identity') ?? '',
          identityPattern: textField(seen.config, 'worker', 'identity_pattern') ?? standardPattern,
          namespace: textField(seen.config, 'cluster', 'namespace') ?? '',
          endpoint: textField(seen.config, 'cluster', 'endpoint') ?? '',
          caBundle: textField(seen.config, 'cluster', 'ca_bundle') ?? '',
        },
});
