import {
  type ClusterObject,
  defineCheck,
  equal,
  fail,
  type Json,
  nameOf,
  objectFact,
  pass,
  unknown,
} from '@claw-run/core';
import * as z from 'zod';
import { clearText, holder } from '../facts/holder.ts';
import { holderRef, name, path } from '../inputs.ts';
import { at, listAt, textAt } from '../lib/json-at.ts';
import { lineDiff } from '../lib/line-diff.ts';
import { valueAt } from '../lib/path.ts';
import { parseYaml } from '../lib/yaml.ts';

const entry = z.strictObject({ 'config-map': name, namespace: name, key: z.string() });

export const policyDrift = defineCheck({
  id: 'kubernetes.policy-drift',
  on: 'cluster',
  summary: 'A value of a ConfigMap is what was agreed to',
  description:
    'Compares with a snapshot: a key of another ConfigMap, or a text. YAML is compared by its values, so that comments and ' +
    'layout do not count. Says who changed it last, and when, as far as the API server keeps track (managedFields).',
  input: z.strictObject({
    policy: entry.describe('What is in force'),
    snapshot: z.union([entry, z.string()]).describe('What was agreed to: where it is kept, or its text'),
    path: path.optional().describe('Compare only this part'),
  }),
  examples: [
    {
      title: 'The security policy of the cluster',
      with: {
        policy: {
          'config-map': 'openclaw-security-policy',
          namespace: 'openclaw-system',
          key: 'policy.yaml',
        },
        snapshot: { 'config-map': 'openclaw-policy-accepted', namespace: 'production', key: 'policy.yaml' },
      },
    },
  ],
  facts: (input) => {
    const kept = typeof input.snapshot === 'string' ? input.policy : input.snapshot;
    const ref = holderRef(input.policy);
    return {
      policy: objectFact({
        key: `${nameOf(ref)} ${input.policy.key} and its author`,
        ref,
        parse: (object) => ({
          text: textAt(object ?? undefined, 'data', input.policy.key) ?? null,
          changed: object === null ? null : lastChange(object, input.policy.key),
        }),
      }),
      snapshot: holder(holderRef(kept), [kept.key]),
    };
  },
  expect: (input, seen) => {
    const what = `${input.policy.key} of ${nameOf(holderRef(input.policy))}`;
    const { snapshot } = input;
    const agreed = typeof snapshot === 'string' ? snapshot : clearText(seen.snapshot.values[snapshot.key]);
    if (seen.policy.text === null) return unknown(`there is no ${what}`);
    if (agreed === undefined) return unknown(`there is no snapshot of ${what} to compare with`);
    if (equal(read(agreed, input.path), read(seen.policy.text, input.path)))
      return pass(`${what} is as it was agreed to`);
    const author = seen.policy.changed;
    const by = author === null ? '' : `; last changed by ${author.by} at ${author.at}`;
    return fail(`${what} is not what was agreed to${by}`, {
      diff: lineDiff(agreed, seen.policy.text),
      changed: author,
    });
  },
});

function read(text: string, part: string | undefined): Json {
  const yaml = parseYaml(text);
  if ('error' in yaml) return text;
  return part === undefined ? yaml.value : (valueAt(yaml.value, part) ?? null);
}

function lastChange(object: ClusterObject, key: string): { readonly by: string; readonly at: string } | null {
  const changes = listAt(object, 'metadata', 'managedFields')
    .filter((one) => at(one, 'fieldsV1', 'f:data', `f:${key}`) !== undefined)
    .map((one) => ({ by: textAt(one, 'manager') ?? 'unknown', at: textAt(one, 'time') ?? '' }));
  return changes.toSorted((a, b) => (a.at < b.at ? 1 : -1))[0] ?? null;
}
