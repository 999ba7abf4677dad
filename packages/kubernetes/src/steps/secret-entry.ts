import { defineState, isRefused, nameOf, type ObjectRef, refused, Secret } from '@claw-run/core';
import * as z from 'zod';
import { holderActions, withValues } from '../actions/holder-actions.ts';
import { entryValues, holder, type Stored, secretCopy, valueFor } from '../facts/holder.ts';
import { holderRef, name, namespace, source, state } from '../inputs.ts';

export const secretEntry = defineState({
  id: 'kubernetes.secret-entry',
  on: 'cluster',
  summary: 'A Secret holds a value under a key',
  description:
    'The value is given by a parameter of type secret, or copied from a key of another Secret or ConfigMap.',
  risk: 'routine',
  input: z
    .strictObject({
      name: name.describe('Name of the Secret'),
      namespace,
      key: z.string().describe('Key in it'),
      value: z
        .union([z.instanceof(Secret), z.string()])
        .optional()
        .describe('The value, from a parameter of type secret'),
      from: source.optional().describe('Where the value is copied from'),
      create: z.boolean().default(false).describe('Make the Secret (type Opaque) when there is none'),
      state,
    })
    .refine(
      (it) => it.state === 'absent' || (it.value === undefined) !== (it.from === undefined),
      'give either value or from',
    ),
  examples: [
    {
      title: 'A certificate from where it is issued',
      with: {
        name: 'openclaw-worker-tls',
        namespace: 'production',
        key: 'tls.crt',
        from: { secret: 'openclaw-worker-tls', namespace: 'openclaw-system', key: 'tls.crt' },
      },
    },
    {
      title: 'No such key',
      with: { name: 'db', namespace: 'production', key: 'old-password', state: 'absent' },
    },
  ],
  facts: (input) => ({
    entry: holder(ref(input), [input.key]),
    source:
      input.from === undefined
        ? entryValues(ref(input), [])
        : entryValues(holderRef(input.from), [input.from.key]),
  }),
  desire: (input, seen) => {
    const copied = input.from === undefined ? undefined : (seen.source[input.from.key] ?? undefined);
    if (input.state === 'present' && input.from !== undefined && copied === undefined) {
      return refused(`${nameOf(holderRef(input.from))} has no key ${input.from.key}`, 'correct `from`');
    }
    const value = input.state === 'absent' ? null : wantedValue(copied, input.value);
    const entry = withValues(ref(input), seen.entry, { [input.key]: value }, input);
    return isRefused(entry) ? entry : { entry };
  },
  actions: (from, to, input) => holderActions(ref(input), from.entry, to.entry),
});

function wantedValue(copied: Stored | undefined, text: string | Secret | undefined): Stored | null {
  if (copied !== undefined) return secretCopy(copied);
  return text === undefined ? null : valueFor('Secret', text);
}

function ref({ name, namespace }: { readonly name: string; readonly namespace: string }): ObjectRef {
  return { apiVersion: 'v1', kind: 'Secret', name, namespace };
}
