import type { ClusterObject, Json } from '@claw-run/core';
import { at, listAt, mapAt, numberAt, textAt, textsAt } from './json-at.ts';

/** One end of a connection: a pod, by what policies select it by. */
export interface End {
  readonly namespace: string;
  readonly namespaceLabels: Labels;
  readonly labels: Labels;
}

type Labels = { readonly [key: string]: string };
export type Side = 'Egress' | 'Ingress';

/** Whether one policy lets a connection through: `silent` where it does not select the pod for that side. */
export type Answer = 'allows' | 'silent' | 'denies' | 'unknown';

/**
 * What a NetworkPolicy says of a connection from (Egress) or to (Ingress) the pod `own`. Policies are additive: a pod that any selects takes only what
 * one of them allows. A block of addresses and a port by name cannot be told from here: unknown.
 * https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export function answerOf(
  policy: ClusterObject,
  { side, own, other, port }: { side: Side; own: End; other: End; port: number },
): Answer {
  const types = textsAt(policy, 'spec', 'policyTypes');
  const sides =
    types.length > 0 ? types : ['Ingress', ...(at(policy, 'spec', 'egress') === undefined ? [] : ['Egress'])];
  if (policy.metadata.namespace !== own.namespace || !sides.includes(side)) return 'silent';
  if (!fits(at(policy, 'spec', 'podSelector'), own.labels)) return 'silent';
  const rules = listAt(policy, 'spec', side === 'Egress' ? 'egress' : 'ingress');
  const answers = rules.map((rule) => {
    const ports = portsOf(rule, port);
    const peers = peersOf(rule, side, own, other);
    if (ports === 'denies' || peers === 'denies') return 'denies';
    return ports === 'unknown' || peers === 'unknown' ? 'unknown' : 'allows';
  });
  return answers.includes('allows') ? 'allows' : answers.includes('unknown') ? 'unknown' : 'denies';
}

function portsOf(rule: Json, port: number): Answer {
  if (at(rule, 'ports') === undefined) return 'allows';
  const answers = listAt(rule, 'ports').map((one): Answer => {
    if ((textAt(one, 'protocol') ?? 'TCP') !== 'TCP') return 'denies';
    if (textAt(one, 'port') !== undefined) return 'unknown';
    const from = numberAt(one, 'port');
    if (from === undefined) return 'allows';
    return port >= from && port <= (numberAt(one, 'endPort') ?? from) ? 'allows' : 'denies';
  });
  return best(answers);
}

function peersOf(rule: Json, side: Side, own: End, other: End): Answer {
  const key = side === 'Egress' ? 'to' : 'from';
  const peers = listAt(rule, key);
  if (peers.length === 0) return 'allows';
  return best(
    peers.map((peer): Answer => {
      if (at(peer, 'ipBlock') !== undefined) return 'unknown';
      const spaces = at(peer, 'namespaceSelector');
      const inNamespace =
        spaces === undefined ? other.namespace === own.namespace : fits(spaces, other.namespaceLabels);
      return inNamespace && fits(at(peer, 'podSelector'), other.labels) ? 'allows' : 'denies';
    }),
  );
}

function best(answers: readonly Answer[]): Answer {
  return answers.includes('allows') ? 'allows' : answers.includes('unknown') ? 'unknown' : 'denies';
}

/** Whether a label selector of an object fits labels; an empty or absent one fits all. */
function fits(selector: Json | undefined, labels: Labels): boolean {
  const equal = Object.entries(mapAt(selector, 'matchLabels')).every(([key, value]) => labels[key] === value);
  const expressed = listAt(selector, 'matchExpressions').every((one) => {
    const key = textAt(one, 'key') ?? '';
    const [value, values] = [labels[key], textsAt(one, 'values')];
    switch (textAt(one, 'operator')) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  });
  return equal && expressed;
}
