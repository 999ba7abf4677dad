import type { Cache } from './cache.ts';
import type { KubeClient } from './client.ts';
import type { KubeObject } from './resources.ts';
import type { Deployment, Pod, ReplicaSet, Selector } from './workloads.ts';

/** The node that runs the pods. */
export const NODE_NAME = 'openclaw-node';

export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

export interface Secret extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

export interface Worker extends KubeObject {
  readonly spec: { readonly identity: string; readonly pod: string };
  readonly status?: { readonly state?: string; readonly reason?: string; readonly lastSeen?: string };
}

export interface Job extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly task?: { readonly image?: string; readonly command?: readonly string[] };
  };
  readonly status?: { readonly state?: string; readonly startedAt?: string; readonly completedAt?: string };
}

export interface Service extends KubeObject {
  readonly spec: {
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly { readonly port: number }[];
  };
}

export interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: object;
}

interface NetworkRule {
  readonly to?: readonly Peer[];
  readonly from?: readonly Peer[];
  readonly ports?: readonly { readonly port?: number | string }[];
}

export interface NetworkPolicy extends KubeObject {
  readonly spec: {
    readonly podSelector?: Selector;
    readonly policyTypes?: readonly string[];
    readonly ingress?: readonly NetworkRule[];
    readonly egress?: readonly NetworkRule[];
  };
}

type Amounts = Readonly<Record<string, string>>;

export interface ResourceQuota extends KubeObject {
  readonly spec: { readonly hard?: Amounts };
  readonly status?: { readonly hard?: Amounts; readonly used?: Amounts };
}

/** Local copies of what the programs look at. */
export interface Caches {
  readonly pods: Cache<Pod>;
  readonly deployments: Cache<Deployment>;
  readonly replicaSets: Cache<ReplicaSet>;
  readonly configMaps: Cache<ConfigMap>;
  readonly secrets: Cache<Secret>;
  readonly workers: Cache<Worker>;
  readonly jobs: Cache<Job>;
  readonly services: Cache<Service>;
  readonly networkPolicies: Cache<NetworkPolicy>;
  readonly quotas: Cache<ResourceQuota>;
  readonly namespaces: Cache<KubeObject>;
}

/** What all parts of the stand-in share. */
export interface Context {
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
}
