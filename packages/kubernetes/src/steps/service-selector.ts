import { type ClusterAction, defineState, equal, type Json, objectFact, refused } from '@claw-run/core';
import * as z from 'zod';
import { name, namespace } from '../inputs.ts';
import { mapAt } from '../lib/json-at.ts';

type Selector = { readonly [label: string]: string };

export const serviceSelector = defineState({
  id: 'kubernetes.service-selector',
  on: 'cluster',
  summary: 'A Service selects the pods with certain labels',
  description: 'The selector is taken as a whole: labels that are not given are taken out of it.',
  risk: 'disruptive',
  input: z.strictObject({
    service: name.describe('Name of the Service'),
    namespace,
    selector: z
      .record(z.string().min(1), z.string())
      .refine((labels) => Object.keys(labels).length > 0, 'must name a label')
      .describe('Labels of the pods, such as { app: openclaw-controller }'),
  }),
  examples: [
    {
      title: 'The controller',
      with: {
        service: 'openclaw-api',
        namespace: 'openclaw-system',
        selector: { app: 'openclaw-controller' },
      },
    },
  ],
  facts: (input) => ({
    selector: objectFact({
      key: `Service ${input.namespace}/${input.service} selector`,
      ref: ref(input),
      parse: (object): Selector | null => (object === null ? null : texts(mapAt(object, 'spec', 'selector'))),
    }),
  }),
  desire: (input, { selector }) =>
    selector === null
      ? refused(
          `there is no Service ${input.namespace}/${input.service}`,
          'correct `service`, or make it first',
        )
      : { selector: input.selector },
  actions: (from, to, input): readonly ClusterAction[] => {
    if (from.selector === null || to.selector === null) return [];
    const [before, after] = [from.selector, to.selector];
    if (equal(before, after)) return [];
    const path = '/spec/selector';
    if (Object.keys(before).length === 0)
      return [{ do: 'patch', ref: ref(input), patch: [{ op: 'add', path, value: after }] }];
    const last =
      Object.keys(after).length === 0
        ? ({ op: 'remove', path } as const)
        : ({ op: 'replace', path, value: after } as const);
    return [{ do: 'patch', ref: ref(input), patch: [{ op: 'test', path, value: before }, last] }];
  },
});

function texts(labels: { readonly [key: string]: Json | undefined }): Selector {
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)]));
}

function ref({ service, namespace }: { readonly service: string; readonly namespace: string }) {
  return { apiVersion: 'v1', kind: 'Service', name: service, namespace };
}
