import type { NetworkPolicy, Peer, Service } from './context.ts';
import { isActive, type Pod } from './workloads.ts';

/** What lies between a worker and its cluster. */
export interface Way {
  /** `cluster.endpoint` of the worker's configuration. */
  readonly endpoint: string;
  readonly from: Pod;
  readonly service: Service | undefined;
  /** All pods and policies that there are. */
  readonly pods: readonly Pod[];
  readonly policies: readonly NetworkPolicy[];
  /** Labels of a namespace. */
  readonly labelsOf: (namespace: string) => Readonly<Record<string, string>>;
  /** Namespaces that the security policy shuts out. */
  readonly blocked: readonly string[];
}

/** Says under which name the cluster is reached. */
export const HOSTNAME = 'openclaw.io/hostname';

/** Why a worker cannot connect to its cluster, as it logs it; undefined: it can. */
export function obstacleOf(way: Way): string | undefined {
  const { endpoint, from, service } = way;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined) return `Invalid endpoint '${endpoint}'`;
  const port = Number(url.port || (url.protocol === 'http:' ? 80 : 443));
  const refused = `Connection refused on port ${port}`;
  const names = [
    service?.metadata.annotations?.[HOSTNAME] ?? 'cluster.openclaw.io',
    'openclaw-api.openclaw-system.svc',
  ];
  if (!names.includes(url.hostname)) return `No such host '${url.hostname}'`;
  if (service === undefined || !service.spec.ports?.some((one) => one.port === port)) return refused;
  const behind = way.pods.filter(
    (pod) =>
      pod.metadata.namespace === service.metadata.namespace &&
      isActive(pod) &&
      fits(pod.metadata.labels, service.spec.selector ?? {}),
  );
  const open = behind.some(
    (to) => isAllowed(way, to, { port, side: 'Egress' }) && isAllowed(way, to, { port, side: 'Ingress' }),
  );
  if (!open || service.spec.selector === undefined) return refused;
  return way.blocked.includes(from.metadata.namespace ?? '') ? refused : undefined;
}

/** NetworkPolicies are additive: of those that select a pod for a side, one has to allow it; none: all is allowed. */
function isAllowed(
  { from, policies, labelsOf }: Way,
  to: Pod,
  { port, side }: { port: number; side: 'Egress' | 'Ingress' },
): boolean {
  const [own, other] = side === 'Egress' ? [from, to] : [to, from];
  const concerning = policies.filter(
    ({ metadata, spec }) =>
      metadata.namespace === own.metadata.namespace &&
      (spec.policyTypes ?? ['Ingress']).includes(side) &&
      fits(own.metadata.labels, spec.podSelector?.matchLabels ?? {}),
  );
  if (concerning.length === 0) return true;
  const fitsPeer = (peer: Peer) => {
    const inNamespace =
      peer.namespaceSelector === undefined
        ? other.metadata.namespace === own.metadata.namespace
        : fits(labelsOf(other.metadata.namespace ?? ''), peer.namespaceSelector.matchLabels ?? {});
    return (
      peer.ipBlock === undefined &&
      inNamespace &&
      fits(other.metadata.labels, peer.podSelector?.matchLabels ?? {})
    );
  };
  return concerning.some(({ spec }) =>
    (side === 'Egress' ? spec.egress : spec.ingress)?.some((rule) => {
      const peers = side === 'Egress' ? rule.to : rule.from;
      const onPort =
        rule.ports === undefined || rule.ports.some((one) => one.port === undefined || one.port === port);
      return onPort && (peers === undefined || peers.some(fitsPeer));
    }),
  );
}

function fits(
  labels: Readonly<Record<string, string>> | undefined,
  wanted: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([key, value]) => labels?.[key] === value);
}
