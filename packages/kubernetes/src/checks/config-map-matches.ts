import { defineCheck, equal, fail, type Json, nameOf, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { clearText, holder, isBinary } from '../facts/holder.ts';
import { name, namespace, path } from '../inputs.ts';
import { show } from '../lib/json-at.ts';
import { compiled, re2 } from '../lib/re2.ts';
import { yamlAt } from '../lib/yaml.ts';

const input = z
  .strictObject({
    name: name.describe('Name of the ConfigMap'),
    namespace,
    key: z.string().describe('Key in it'),
    path: path.optional().describe('Where in the YAML under the key; the whole text where absent'),
    equals: z.json().optional().describe('What it must be'),
    contains: z.string().optional().describe('A text it must have in it'),
    matches: re2.optional().describe('A pattern (RE2) it must match'),
  })
  .refine(
    (it) => [it.equals, it.contains, it.matches].some((one) => one !== undefined),
    'give equals, contains or matches',
  );

type Input = z.output<typeof input>;

export const configMapMatches = defineCheck({
  id: 'kubernetes.config-map-matches',
  on: 'cluster',
  summary: 'A value of a ConfigMap is as it should be',
  input,
  examples: [
    {
      title: 'Identities are generated',
      with: {
        name: 'worker-config',
        namespace: 'production',
        key: 'worker-config.yaml',
        path: 'worker.identity_generation',
        equals: 'auto',
      },
    },
  ],
  facts: (input) => ({
    entry: holder({ apiVersion: 'v1', kind: 'ConfigMap', name: input.name, namespace: input.namespace }, [
      input.key,
    ]),
  }),
  expect: (input, seen) => {
    const entry = `${input.key} of ${nameOf({ apiVersion: 'v1', kind: 'ConfigMap', name: input.name, namespace: input.namespace })}`;
    const text = clearText(seen.entry.values[input.key]);
    if (isBinary(seen.entry.values[input.key])) return unknown(`${entry} is binary, and is not looked into`);
    if (text === undefined) return fail(`there is no ${entry}`);
    const found =
      input.path === undefined
        ? { value: text, is: (wanted: Json) => equal(text, wanted) }
        : yamlAt(text, input.path);
    if ('error' in found) return unknown(`${entry} is not YAML: ${found.error}`);
    const { value } = found;
    const what = input.path === undefined ? entry : `${input.path} in ${entry}`;
    const fault = faultOf(input, found);
    const evidence = value === undefined ? {} : { value };
    return fault === undefined
      ? pass(`${what} is as it should be`, evidence)
      : fail(`${what} ${fault}`, evidence);
  },
});

function faultOf(
  input: Input,
  { value, is }: { readonly value: Json | undefined; readonly is: (wanted: Json) => boolean },
): string | undefined {
  if (value === undefined) return 'is not set';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (input.equals !== undefined && !is(input.equals)) return `is ${show(value)}, not ${show(input.equals)}`;
  if (input.contains !== undefined && !text.includes(input.contains))
    return `does not contain ${show(input.contains)}`;
  const pattern = input.matches === undefined ? undefined : compiled(input.matches);
  return pattern !== undefined && 'find' in pattern && !pattern.find(text)
    ? `does not match ${input.matches}`
    : undefined;
}
