import type { KubeObject } from './resources.ts';
import { head } from './world-cluster-side.ts';

/** What of the workers' Deployment differs between scenarios. */
export interface WorkerDeployment {
  readonly namespace: string;
  readonly name: string;
  readonly serviceAccount: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The workers' Deployment: three replicas, everything they read mounted below `/etc/openclaw`. */
export function workerDeployment({ namespace, name, serviceAccount, env }: WorkerDeployment): KubeObject {
  const labels = { app: name };
  const volumes = [
    { name: 'config', configMap: { name: 'worker-config' } },
    { name: 'certs', configMap: { name: 'openclaw-worker-ca' } },
    { name: 'tls', secret: { secretName: 'openclaw-worker-tls' } },
    { name: 'token', secret: { secretName: 'openclaw-worker-token' } },
  ];
  const volumeMounts = volumes.map((volume) => ({
    name: volume.name,
    mountPath: `/etc/openclaw/${volume.name}`,
    readOnly: true,
  }));
  const container = {
    name: 'worker',
    image: 'openclaw/worker:latest',
    env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
    volumeMounts,
  };
  return {
    ...head('apps/v1', 'Deployment', name, namespace, labels),
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: serviceAccount,
          automountServiceAccountToken: false,
          containers: [container],
          volumes,
        },
      },
    },
  } as KubeObject;
}

/** The account, role and binding that workers need; the rules are those of the guide. */
export function workerRights(namespace: string): readonly KubeObject[] {
  const group = 'rbac.authorization.k8s.io';
  return [
    head('v1', 'ServiceAccount', 'openclaw-worker-sa', namespace),
    { ...head(`${group}/v1`, 'ClusterRole', 'openclaw-worker'), rules: workerRules } as KubeObject,
    {
      ...head(`${group}/v1`, 'ClusterRoleBinding', 'openclaw-worker-binding'),
      subjects: [{ kind: 'ServiceAccount', name: 'openclaw-worker-sa', namespace }],
      roleRef: { kind: 'ClusterRole', name: 'openclaw-worker', apiGroup: group },
    } as KubeObject,
  ];
}

/** What a worker does in its namespace, as RBAC rules. */
export const workerRules = [
  {
    apiGroups: ['openclaw.io'],
    resources: ['jobs', 'tasks'],
    verbs: ['get', 'list', 'watch', 'update', 'patch'],
  },
  { apiGroups: ['openclaw.io'], resources: ['workers'], verbs: ['get', 'update', 'patch'] },
  { apiGroups: [''], resources: ['pods', 'configmaps'], verbs: ['get', 'list', 'watch'] },
] as const;

/** `worker-config.yaml` as text. */
export function workerConfigText(options: {
  readonly namespace: string;
  readonly identityPattern?: string;
  readonly staticIdentity?: string;
  readonly port?: number;
  readonly taskTimeoutSeconds?: number;
}): string {
  const { namespace, identityPattern, staticIdentity, port, taskTimeoutSeconds } = options;
  return [
    'worker:',
    `  identity_generation: ${staticIdentity === undefined ? 'auto' : 'static'}`,
    ...(staticIdentity === undefined ? [] : [`  identity: ${staticIdentity}`]),
    ...(identityPattern === undefined ? [] : [`  identity_pattern: "${identityPattern}"`]),
    ...(taskTimeoutSeconds === undefined ? [] : [`  task_timeout: ${taskTimeoutSeconds}s`]),
    'cluster:',
    `  endpoint: https://cluster.openclaw.io${port === undefined ? '' : `:${port}`}`,
    `  namespace: ${namespace}`,
    '  tls_verify: true',
    '  ca_bundle: "/etc/openclaw/certs/ca.crt"',
    '',
  ].join('\n');
}

/** Lets the pods of a namespace reach nothing but DNS. */
export function denyEgress(namespace: string): KubeObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'dns-only', namespace },
    spec: {
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [
        {
          ports: [
            { protocol: 'UDP', port: 53 },
            { protocol: 'TCP', port: 53 },
          ],
        },
      ],
    },
  } as KubeObject;
}

/** A quota of tasks, and tasks of an earlier time that use it up. */
export function usedQuota(namespace: string): readonly KubeObject[] {
  const left = [0, 1, 2].map(
    (index) =>
      ({
        ...head('openclaw.io/v1', 'Task', `archive-${index}`, namespace),
        spec: { job: 'archive', worker: '', image: 'busybox' },
      }) as KubeObject,
  );
  const quota = {
    ...head('v1', 'ResourceQuota', 'openclaw-tasks', namespace),
    spec: { hard: { 'count/tasks.openclaw.io': '3' } },
  } as KubeObject;
  return [quota, ...left];
}
