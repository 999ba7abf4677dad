import { type ClusterObject, defineLookup, nameOf, objectFact } from '@claw-run/core';
import * as z from 'zod';
import { selectorText } from '../facts/pods.ts';
import { containerEnv } from '../facts/workload-view.ts';
import { namesOneWorkload, oneWorkload, workloadFields, workloadRef } from '../inputs.ts';
import { at, listAt, numberAt, textAt } from '../lib/json-at.ts';

export const workloadSettings = defineLookup({
  id: 'kubernetes.workload-settings',
  on: 'cluster',
  summary: 'The settings of a Deployment, StatefulSet or DaemonSet',
  description: 'Variables that are taken from elsewhere (valueFrom) are not among `env`.',
  input: z.strictObject(workloadFields).refine(namesOneWorkload, oneWorkload),
  examples: [{ title: 'The workers', with: { deployment: 'openclaw-worker', namespace: 'production' } }],
  facts: (input) => ({
    workload: objectFact({
      key: `${nameOf(workloadRef(input))} view`,
      ref: workloadRef(input),
      parse: (object) => (object === null ? null : view(object)),
    }),
  }),
  output: z.object({
    name: z.string(),
    namespace: z.string(),
    serviceAccount: z.string().describe('`default` when unset'),
    replicas: z.int(),
    selector: z.string().describe('Label selector in the notation of kubectl'),
    image: z.string().describe('Image of the first container'),
    env: z.record(z.string(), z.string()),
    configMaps: z.array(z.string()).describe('Names of the ConfigMaps it mounts'),
    secrets: z.array(z.string()).describe('Names of the Secrets it mounts'),
  }),
  value: (_input, seen) => seen.workload ?? undefined,
});

function view(object: ClusterObject) {
  const spec = at(object, 'spec', 'template', 'spec');
  const volumes = listAt(spec, 'volumes');
  const sources = [...volumes, ...volumes.flatMap((one) => listAt(one, 'projected', 'sources'))];
  const names = (...keys: readonly string[]) =>
    sources.map((one) => textAt(one, ...keys)).filter((name) => name !== undefined);
  return {
    name: object.metadata.name,
    namespace: object.metadata.namespace ?? '',
    serviceAccount: textAt(spec, 'serviceAccountName') || 'default',
    replicas: numberAt(object, 'spec', 'replicas') ?? 1,
    selector: selectorText(at(object, 'spec', 'selector')),
    image: textAt(spec, 'containers', 0, 'image') ?? '',
    env: containerEnv(object),
    configMaps: names('configMap', 'name'),
    secrets: [...names('secret', 'secretName'), ...names('secret', 'name')],
  };
}
