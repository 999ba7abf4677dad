import { defineLookup } from '@claw-run/core';
import * as z from 'zod';
import { clearText, holder } from '../facts/holder.ts';
import { name, namespace, path } from '../inputs.ts';
import { valueAt } from '../lib/path.ts';
import { parseYaml } from '../lib/yaml.ts';

export const configMapValue = defineLookup({
  id: 'kubernetes.config-map-value',
  on: 'cluster',
  summary: 'A value of a ConfigMap, as text or as what its YAML says',
  input: z
    .strictObject({
      name: name.describe('Name of the ConfigMap'),
      namespace,
      key: z.string().describe('Key in it'),
      yaml: z.boolean().default(false).describe('Read the text as YAML'),
      path: path.optional().describe('Only this part of the YAML'),
    })
    .refine((it) => it.path === undefined || it.yaml, '`path` needs `yaml: true`'),
  examples: [
    {
      title: 'The configuration of the workers',
      with: { name: 'worker-config', namespace: 'production', key: 'worker-config.yaml', yaml: true },
    },
  ],
  facts: (input) => ({
    entry: holder({ apiVersion: 'v1', kind: 'ConfigMap', name: input.name, namespace: input.namespace }, [
      input.key,
    ]),
  }),
  output: z.json(),
  value: (input, seen) => {
    const text = clearText(seen.entry.values[input.key]);
    if (text === undefined || !input.yaml) return text;
    const yaml = parseYaml(text);
    if ('error' in yaml) return undefined;
    return input.path === undefined ? yaml.value : valueAt(yaml.value, input.path);
  },
});
