import {
  type ClusterObject,
  defineCheck,
  type Fact,
  fail,
  listFact,
  objectFact,
  pass,
  unknown,
} from '@claw-run/core';
import * as z from 'zod';
import { namespace } from '../inputs.ts';
import { listed, mapAt } from '../lib/json-at.ts';
import { answerOf, type End, type Side } from '../lib/network-policy.ts';

const end = z.strictObject({
  namespace,
  labels: z.record(z.string(), z.string()).describe('Labels of its pods'),
});

export const trafficAllowed = defineCheck({
  id: 'kubernetes.traffic-allowed',
  on: 'cluster',
  summary: 'No NetworkPolicy keeps pods from connecting to other pods',
  description:
    'Looks at the policies that select the pods that connect, for egress, and those that are connected to, for ingress. What cannot be told from the objects (a block of addresses, a port by name) is unknown. ' +
    'https://kubernetes.io/docs/concepts/services-networking/network-policies/',
  input: z.strictObject({
    from: end.describe('Who connects'),
    to: end.describe('Who is connected to'),
    port: z.int().min(1).max(65_535).default(443).describe('The TCP port'),
    side: z
      .enum(['both', 'egress', 'ingress'])
      .default('both')
      .describe('Whose policies count: those of who connects, of who is connected to, or both'),
  }),
  examples: [
    {
      title: 'Workers reach their cluster',
      with: {
        from: { namespace: 'production', labels: { app: 'openclaw-worker' } },
        to: { namespace: 'openclaw-system', labels: { app: 'openclaw-controller' } },
      },
    },
  ],
  facts: ({ from, to }) => ({
    egress: policies(from.namespace),
    ingress: policies(to.namespace),
    fromLabels: labelsOf(from.namespace),
    toLabels: labelsOf(to.namespace),
  }),
  expect: (input, seen) => {
    const from: End = { ...input.from, namespaceLabels: seen.fromLabels };
    const to: End = { ...input.to, namespaceLabels: seen.toLabels };
    const ask = (side: Side) => {
      const [own, other, all] = side === 'Egress' ? [from, to, seen.egress] : [to, from, seen.ingress];
      return all.flatMap((policy) => {
        const answer = answerOf(policy, { side, own, other, port: input.port });
        return answer === 'silent'
          ? []
          : [{ policy: `${policy.metadata.namespace}/${policy.metadata.name}`, side, answer }];
      });
    };
    const sides: readonly Side[] = (['Egress', 'Ingress'] as const).filter(
      (side) => input.side === 'both' || side.toLowerCase() === input.side,
    );
    const what = `from ${from.namespace} to ${to.namespace} on port ${input.port}`;
    const asked = sides.map(ask);
    const evidence = asked.flat();
    const shut = asked.find(
      (answers) => answers.length > 0 && answers.every(({ answer }) => answer === 'denies'),
    );
    if (shut !== undefined)
      return fail(
        `NetworkPolicy ${listed(shut.map(({ policy }) => policy))} does not let connections through ${what}`,
        evidence,
      );
    return asked.every((answers) => answers.length === 0 || answers.some(({ answer }) => answer === 'allows'))
      ? pass(`no NetworkPolicy is in the way ${what}`, evidence)
      : unknown(
          `whether a NetworkPolicy is in the way ${what} depends on addresses or on a named port`,
          evidence,
        );
  },
});

function policies(inNamespace: string): Fact<'cluster', readonly ClusterObject[]> {
  return listFact({
    key: `NetworkPolicies of ${inNamespace}`,
    list: { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace: inNamespace },
    parse: (items) =>
      items
        .map(({ apiVersion, kind, metadata, spec }) => ({
          apiVersion,
          kind,
          metadata: {
            name: metadata.name,
            ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
          },
          ...(spec === undefined ? {} : { spec }),
        }))
        .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)),
  });
}

function labelsOf(inNamespace: string): Fact<'cluster', { readonly [key: string]: string }> {
  return objectFact({
    key: `labels of Namespace ${inNamespace}`,
    ref: { apiVersion: 'v1', kind: 'Namespace', name: inNamespace },
    parse: (object) => ({
      // set by every API server since 1.22
      'kubernetes.io/metadata.name': inNamespace,
      ...Object.fromEntries(
        Object.entries(mapAt(object ?? undefined, 'metadata', 'labels')).map(([key, value]) => [
          key,
          String(value),
        ]),
      ),
    }),
  });
}
