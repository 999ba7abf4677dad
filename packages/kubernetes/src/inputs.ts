import type { ObjectRef } from '@claw-run/core';
import * as z from 'zod';
import { parsePath } from './lib/path.ts';

/** A name of the Kubernetes API (RFC 1123). */
export const name = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.:-]*[a-z0-9])?$/i, 'must be a Kubernetes name: letters, digits, "-" and "."');

export const namespace = name.describe('Namespace of the object');

export const state = z
  .enum(['present', 'absent'])
  .default('present')
  .describe('`absent` takes away what the other inputs describe');

export const mode = z
  .enum(['at-least', 'exactly'])
  .default('at-least')
  .describe('`at-least` adds what is missing and keeps the rest; `exactly` also takes the rest away');

export const labels = z.record(z.string(), z.string()).describe('Labels to set; others are kept');

export const annotations = z.record(z.string(), z.string()).describe('Annotations to set; others are kept');

export const path = z
  .string()
  .refine(
    (text) => parsePath(text) !== undefined,
    'must be a path such as spec.containers[name=worker].image',
  );

export const selector = z
  .string()
  .min(1)
  .describe('Label selector in the notation of kubectl, such as app=openclaw-worker');

/** `30s`, `10m`, `12h`, `7d`, in seconds. */
export const duration = z
  .string()
  .regex(/^\d+[smhd]$/, 'must be a number and a unit: 30s, 10m, 12h, 7d')
  .transform((text) => Number(text.slice(0, -1)) * (secondsOf[text.slice(-1)] ?? 1));

/** Names one workload; exactly one of the kinds must be given. */
export const workloadFields = {
  deployment: name.optional().describe('Name of the Deployment'),
  'stateful-set': name.optional().describe('Name of the StatefulSet, instead of a Deployment'),
  'daemon-set': name.optional().describe('Name of the DaemonSet, instead of a Deployment'),
  namespace,
};

interface WorkloadInput {
  readonly deployment?: string | undefined;
  readonly 'stateful-set'?: string | undefined;
  readonly 'daemon-set'?: string | undefined;
}

export function namesOneWorkload(input: WorkloadInput): boolean {
  return (
    [input.deployment, input['stateful-set'], input['daemon-set']].filter((it) => it !== undefined).length ===
    1
  );
}

export const oneWorkload = 'give exactly one of deployment, stateful-set and daemon-set';

export function workloadRef(input: WorkloadInput & { readonly namespace: string }): ObjectRef {
  const kinds = {
    Deployment: input.deployment,
    StatefulSet: input['stateful-set'],
    DaemonSet: input['daemon-set'],
  };
  const [kind = 'Deployment', named = ''] =
    Object.entries(kinds).find(([, value]) => value !== undefined) ?? [];
  return { apiVersion: 'apps/v1', kind, name: named, namespace: input.namespace };
}

/** A ConfigMap or a Secret. */
export const holderFields = {
  'config-map': name.optional().describe('Name of the ConfigMap'),
  secret: name.optional().describe('Name of the Secret, instead of a ConfigMap'),
  namespace,
};

interface HolderInput {
  readonly 'config-map'?: string | undefined;
  readonly secret?: string | undefined;
}

export function namesOneHolder(input: HolderInput): boolean {
  return (input['config-map'] === undefined) !== (input.secret === undefined);
}

export const oneHolder = 'give either config-map or secret';

export function holderRef(input: HolderInput & { readonly namespace: string }): ObjectRef {
  return input.secret === undefined
    ? { apiVersion: 'v1', kind: 'ConfigMap', name: input['config-map'] ?? '', namespace: input.namespace }
    : { apiVersion: 'v1', kind: 'Secret', name: input.secret, namespace: input.namespace };
}

/** One key of a ConfigMap or Secret. */
export const source = z
  .strictObject({ ...holderFields, key: z.string().describe('Key in it') })
  .refine(namesOneHolder, oneHolder);

const secondsOf: { readonly [unit: string]: number } = { s: 1, m: 60, h: 3600, d: 86_400 };
