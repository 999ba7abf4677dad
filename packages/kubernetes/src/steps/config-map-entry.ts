import { defineState, isRefused, nameOf, type ObjectRef, type Refused, refused } from '@claw-run/core';
import * as z from 'zod';
import { holderActions, withValues } from '../actions/holder-actions.ts';
import { clearText, holder, isBinary } from '../facts/holder.ts';
import { name, namespace, path, state } from '../inputs.ts';
import { editYaml } from '../lib/yaml-edit.ts';

const input = z
  .strictObject({
    name: name.describe('Name of the ConfigMap'),
    namespace,
    key: z.string().describe('Key in it'),
    path: path
      .optional()
      .describe('Where in the YAML under the key; without it, the value is the whole entry'),
    value: z.json().optional().describe('The value: a text, or with `path` any value'),
    create: z.boolean().default(false).describe('Make the ConfigMap when there is none'),
    state,
  })
  .refine((it) => it.state === 'absent' || it.value !== undefined, 'give a value, or `state: absent`')
  .refine(
    (it) => it.path !== undefined || it.value === undefined || typeof it.value === 'string',
    'the value of a whole entry must be a text',
  );

type Input = z.output<typeof input>;

export const configMapEntry = defineState({
  id: 'kubernetes.config-map-entry',
  on: 'cluster',
  summary: 'A ConfigMap holds a value under a key, or at a path inside the YAML under a key',
  description:
    'With `path`, only the bytes of that value change: comments, order and layout of the rest stay. Pods that mount the ' +
    'ConfigMap see the change after a while, environment variables only after a restart.',
  risk: 'routine',
  input,
  examples: [
    {
      title: 'One setting inside a YAML file',
      with: {
        name: 'worker-config',
        namespace: 'production',
        key: 'worker-config.yaml',
        path: 'worker.identity_pattern',
        value: 'worker-[a-z0-9]{8}-[a-z0-9]{4}',
      },
    },
    {
      title: 'A whole entry',
      with: { name: 'motd', namespace: 'production', key: 'text', value: 'hello', create: true },
    },
  ],
  facts: (input) => ({ entry: holder(ref(input), [input.key]) }),
  desire: (input, seen) => {
    const now = seen.entry.values[input.key];
    if (input.path !== undefined && isBinary(now))
      return refused(
        `${input.key} of ${nameOf(ref(input))} is binary, and has no path`,
        'correct `key`, or set the whole entry',
      );
    const value = wanted(input, clearText(now) ?? null);
    if (isRefused(value)) return value;
    const entry = withValues(ref(input), seen.entry, { [input.key]: value }, input);
    return isRefused(entry) ? entry : { entry };
  },
  actions: (from, to, input) => holderActions(ref(input), from.entry, to.entry),
});

function wanted(input: Input, now: string | null): string | null | Refused {
  if (input.path === undefined) return input.state === 'absent' ? null : String(input.value);
  if (now === null && input.state === 'absent') return null;
  if (now === null && !input.create) {
    return refused(
      `${nameOf(ref(input))} has no key ${input.key}`,
      'correct the key, or say `create: true` to have it made',
    );
  }
  const edit = editYaml(now ?? '', input.path, input.state === 'absent' ? undefined : input.value);
  return 'text' in edit
    ? edit.text
    : refused(
        `${input.path} cannot be set in ${input.key} of ${nameOf(ref(input))}: ${edit.problem}`,
        'correct `path`, or the text',
      );
}

function ref({ name, namespace }: { readonly name: string; readonly namespace: string }): ObjectRef {
  return { apiVersion: 'v1', kind: 'ConfigMap', name, namespace };
}
