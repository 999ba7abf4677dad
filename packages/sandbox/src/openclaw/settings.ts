import { parse } from 'yaml';
import { DEFAULT_IDENTITY_PATTERN } from './identity.ts';

/** `policy.yaml`: whom the cluster lets in. */
export interface SecurityPolicy {
  readonly allowedNamespaces: readonly string[];
  readonly identityPatterns: readonly string[];
  readonly requiredClusterRole: string;
  readonly tokenAudience: string;
  readonly mtls: string;
  /** Namespaces whose connections are refused, for now. */
  readonly blockedNamespaces: readonly string[];
}

/** `worker-config.yaml`: how a worker introduces itself. */
export interface WorkerConfig {
  readonly identityGeneration: string;
  readonly identity?: string;
  readonly identityPattern: string;
  readonly endpoint: string;
  readonly namespace?: string;
  readonly tlsVerify: boolean;
  readonly caBundle: string;
  readonly taskTimeoutSeconds: number;
}

/** Reads a policy; what it leaves out forbids rather than allows. Undefined when it is no YAML mapping. */
export function parsePolicy(text: string | undefined): SecurityPolicy | undefined {
  const workers = section(mapping(text), 'workers');
  if (workers === undefined) return undefined;
  return {
    allowedNamespaces: strings(workers.allowed_namespaces),
    identityPatterns: strings(workers.identity_patterns),
    requiredClusterRole: string(workers.required_cluster_role) ?? 'openclaw-worker',
    tokenAudience: string(section(workers, 'token')?.audience) ?? 'openclaw',
    mtls: string(workers.mtls) ?? 'strict',
    blockedNamespaces: strings(workers.blocked_namespaces),
  };
}

/** Reads a worker's configuration with its defaults. Undefined when it is no YAML mapping. */
export function parseWorkerConfig(text: string | undefined): WorkerConfig | undefined {
  const config = mapping(text);
  if (config === undefined) return undefined;
  const worker = section(config, 'worker') ?? {};
  const cluster = section(config, 'cluster') ?? {};
  const identity = string(worker.identity);
  const namespace = string(cluster.namespace);
  return {
    identityGeneration: string(worker.identity_generation) ?? 'auto',
    ...(identity && { identity }),
    identityPattern: string(worker.identity_pattern) ?? DEFAULT_IDENTITY_PATTERN,
    endpoint: string(cluster.endpoint) ?? 'https://cluster.openclaw.io',
    ...(namespace && { namespace }),
    tlsVerify: cluster.tls_verify !== false,
    caBundle: string(cluster.ca_bundle) ?? '/etc/openclaw/certs/ca.crt',
    taskTimeoutSeconds: Number(/^(\d{1,6})s$/.exec(string(worker.task_timeout) ?? '')?.[1] ?? 300),
  };
}

type Mapping = Readonly<Record<string, unknown>>;

function mapping(text: string | undefined): Mapping | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = parse(text);
    return isMapping(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function section(parent: Mapping | undefined, key: string): Mapping | undefined {
  const value = parent?.[key];
  return isMapping(value) ? value : undefined;
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function string(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
