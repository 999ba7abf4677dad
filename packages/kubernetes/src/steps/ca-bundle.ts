import { defineState, isRefused, nameOf, type Refused, refused, type Secret } from '@claw-run/core';
import * as z from 'zod';
import { holderActions, withValues } from '../actions/holder-actions.ts';
import {
  clearText,
  entryValues,
  holder,
  isBinary,
  type Stored,
  storedText,
  valueFor,
} from '../facts/holder.ts';
import { holderFields, holderRef, namesOneHolder, oneHolder } from '../inputs.ts';
import { addedCertificates, pemBlocks } from '../lib/pem.ts';

const end = z.strictObject(holderFields).refine(namesOneHolder, oneHolder);
const input = z.strictObject({
  from: end.describe('Where the certificates are kept up to date'),
  to: end.describe('Where they are used'),
  keys: z
    .array(z.string())
    .min(1)
    .default(['ca.crt'])
    .describe('Keys to copy, such as ca.crt, tls.crt and tls.key'),
  mode: z
    .enum(['replace', 'add'])
    .default('replace')
    .describe('`add` keeps the certificates that are there, for the time while old and new ones are in use'),
  create: z.boolean().default(false).describe('Make the destination when there is none'),
});

type Input = z.output<typeof input>;

export const caBundle = defineState({
  id: 'kubernetes.ca-bundle',
  on: 'cluster',
  summary: 'Certificates in use are those of their source',
  description:
    'Copies keys of a ConfigMap or Secret to another. A private key is never put into a ConfigMap. It does not make ' +
    'workloads read them again: say so with `kubernetes.workload` (a reload setting) or `kubernetes.restart-workload`.',
  risk: 'routine',
  input,
  examples: [
    {
      title: 'The CA that workers trust',
      with: {
        from: { 'config-map': 'openclaw-ca', namespace: 'openclaw-system' },
        to: { 'config-map': 'openclaw-worker-ca', namespace: 'production' },
      },
    },
  ],
  facts: (input) => ({
    source: entryValues(holderRef(input.from), input.keys),
    bundle: holder(holderRef(input.to), input.keys),
  }),
  desire: (input, seen) => {
    const values: Record<string, string | Secret> = {};
    for (const key of input.keys) {
      const value = wanted(input, key, seen.source[key] ?? null, seen.bundle.values[key] ?? null);
      if (isRefused(value)) return value;
      values[key] = value;
    }
    const bundle = withValues(holderRef(input.to), seen.bundle, values, input);
    return isRefused(bundle) ? bundle : { bundle };
  },
  actions: (from, to, input) => holderActions(holderRef(input.to), from.bundle, to.bundle),
});

function wanted(
  input: Input,
  key: string,
  from: Stored | null,
  now: Stored | null,
): string | Secret | Refused {
  const text = storedText(from);
  const clear = clearText(from) ?? '';
  const origin = `${key} of ${nameOf(holderRef(input.from))}`;
  if (text === undefined)
    return refused(
      from === null ? `there is no ${origin}` : `${origin} is binary, and not PEM`,
      'correct `from` or `keys`',
    );
  if (input.mode === 'add' && isBinary(now))
    return refused(
      `${key} of ${nameOf(holderRef(input.to))} is binary, and nothing can be added to it`,
      'correct `to` or `keys`',
    );
  if (pemBlocks(clear).length === 0) return refused(`${origin} holds nothing in PEM`, 'correct `keys`');
  const { kind } = holderRef(input.to);
  if (kind === 'ConfigMap' && clear.includes('PRIVATE KEY')) {
    return refused(`${origin} is a private key, and a ConfigMap is no place for it`, 'copy it to a Secret');
  }
  const joined = input.mode === 'add' ? addedCertificates(clearText(now) ?? '', clear) : text;
  return valueFor(kind, joined);
}
