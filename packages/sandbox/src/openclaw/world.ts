import type { Authority, KeyPair } from './certificates.ts';
import type { KubeObject } from './resources.ts';
import type { Scenario } from './scenarios.ts';
import {
  apiService,
  configMap,
  controllerDeployment,
  definitions,
  namespace as namespaceObject,
  policyText,
  SYSTEM_NAMESPACE,
  secret,
} from './world-cluster-side.ts';
import {
  denyEgress,
  usedQuota,
  workerConfigText,
  workerDeployment,
  workerRights,
} from './world-worker-side.ts';

export interface WorldOptions {
  readonly scenarios: readonly Scenario[];
  /** The workers' namespace and the name of their Deployment. */
  readonly namespace: string;
  readonly name: string;
}

/** The certificates and the token the world is made with. */
export interface WorldMaterial {
  /** The CA of today and the one before it. */
  readonly ca: Authority;
  readonly formerCa: Authority;
  /** A token of the account that the workers run as. */
  readonly token: string;
}

/** What has to be there first, and what must not be there. */
export interface WorldFoundation {
  readonly namespacesAndKinds: readonly KubeObject[];
  readonly accounts: readonly KubeObject[];
  readonly absent: readonly KubeObject[];
}

const IDENTITY = 'worker-[a-z0-9]{8}-[a-z0-9]{4}';
const NEW_IDENTITY = 'worker-[a-z0-9]{12}-[a-z0-9]{4}';

/** The account that the workers run as. */
export function workerAccount({ scenarios }: WorldOptions): string {
  return scenarios.includes('rbac') ? 'default' : 'openclaw-worker-sa';
}

/** The part of the world that everything else stands on. */
export function worldFoundation({ scenarios, namespace }: WorldOptions): WorldFoundation {
  const rights = workerRights(namespace);
  const absent = [
    ...(scenarios.includes('rbac') ? rights : []),
    ...(scenarios.includes('network-policy') ? [] : [denyEgress(namespace)]),
    // made anew where it belongs: what a quota of a former world has counted is known late
    ...usedQuota(namespace),
  ];
  const accounts = rights.filter((object) => object.kind === 'ServiceAccount' && !absent.includes(object));
  return {
    namespacesAndKinds: [namespaceObject(SYSTEM_NAMESPACE), namespaceObject(namespace), ...definitions()],
    accounts: [defaultAccount(SYSTEM_NAMESPACE), defaultAccount(namespace), ...accounts],
    absent,
  };
}

/** The rest of the world, broken as the scenarios say. Each scenario touches fields of its own. */
export async function worldContents(
  options: WorldOptions,
  { ca, formerCa, token }: WorldMaterial,
): Promise<readonly KubeObject[]> {
  const { namespace, name } = options;
  const broken = (scenario: Scenario) => options.scenarios.includes(scenario);
  const rotated = broken('ca-rotated');
  const elsewhere = namespace === 'staging' ? 'production' : 'staging';
  const claimed = broken('namespace') ? elsewhere : namespace;
  const current = await ca.issue({ commonName: 'openclaw-worker', usage: 'client' });
  const used = rotated ? await formerCa.issue({ commonName: 'openclaw-worker', usage: 'client' }) : current;
  const tls = (pair: KeyPair) => ({ 'tls.crt': pair.certificate, 'tls.key': pair.key });
  const config = workerConfigText({
    namespace: claimed,
    ...(!broken('identity') && { identityPattern: IDENTITY }),
    ...(broken('endpoint-wrong') && { port: 8443 }),
    ...(broken('quota-used') && { taskTimeoutSeconds: 2 }),
    ...(broken('duplicate-identity') && { staticIdentity: 'worker-aaaaaaaa-0001' }),
  });
  const accepted = policyText(namespace, `^${IDENTITY}$`);
  const policy = policyText(
    namespace,
    `^${broken('policy-changed') ? NEW_IDENTITY : IDENTITY}$`,
    broken('blocked') ? [namespace] : [],
  );

  return [
    configMap(SYSTEM_NAMESPACE, 'openclaw-security-policy', { 'policy.yaml': policy }),
    configMap(SYSTEM_NAMESPACE, 'openclaw-ca', { 'ca.crt': ca.certificate }),
    secret(SYSTEM_NAMESPACE, 'openclaw-worker-tls', tls(current), 'kubernetes.io/tls'),
    ...(broken('rbac') ? [] : workerRights(namespace).filter(({ kind }) => kind !== 'ServiceAccount')),
    configMap(namespace, 'worker-config', { 'worker-config.yaml': config }),
    configMap(namespace, 'openclaw-worker-ca', { 'ca.crt': (rotated ? formerCa : ca).certificate }),
    configMap(namespace, 'openclaw-policy-accepted', { 'policy.yaml': accepted }),
    secret(namespace, 'openclaw-worker-tls', tls(used), 'kubernetes.io/tls'),
    secret(namespace, 'openclaw-worker-token', { token }),
    controllerDeployment(),
    apiService({ app: broken('no-endpoints') ? 'openclaw-api' : 'openclaw-controller' }),
    ...(broken('network-policy') ? [denyEgress(namespace)] : []),
    ...(broken('quota-used') ? usedQuota(namespace) : []),
    workerDeployment({
      namespace,
      name,
      serviceAccount: workerAccount(options),
      env: workerEnvironment(claimed, broken),
    }),
    queuedJob(namespace),
  ];
}

function workerEnvironment(claimedNamespace: string, broken: (scenario: Scenario) => boolean) {
  const pattern = broken('invalid-regex')
    ? '^worker-([a-z0-9]{8}-[a-z0-9'
    : broken('identity')
      ? undefined
      : `^${IDENTITY}$`;
  return {
    CLAW_NAMESPACE: claimedNamespace,
    ...(pattern !== undefined && { WORKER_IDENTITY_PATTERN: pattern }),
    ...(!broken('ca-rotated') && {
      OPENCLAW_TLS_RELOAD: 'true',
      OPENCLAW_CA_BUNDLE: '/etc/openclaw/certs/ca.crt',
    }),
  };
}

function defaultAccount(namespace: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } };
}

/** Work that waits for a READY worker: without one it stays PENDING. */
function queuedJob(namespace: string): KubeObject {
  return {
    apiVersion: 'openclaw.io/v1',
    kind: 'Job',
    metadata: { name: 'nightly-report', namespace },
    spec: { task: { image: 'busybox', command: ['echo', 'report'] }, replicas: 1 },
  } as KubeObject;
}
