import type { JsonObject } from '../storage/objects.ts';

const read = ['get', 'list', 'watch'];
const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];
const rbac = 'rbac.authorization.k8s.io';
const aggregate = (to: string) => `${rbac}/aggregate-to-${to}`;

function rule(
  apiGroups: readonly string[],
  resources: readonly string[],
  verbs: readonly string[],
): JsonObject {
  return { apiGroups, resources, verbs };
}

function role(
  name: string,
  rules: readonly JsonObject[],
  labels: Readonly<Record<string, string>> = {},
): JsonObject {
  return {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRole',
    metadata: { name, labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels } },
    rules,
  };
}

function aggregated(name: string, labels: Readonly<Record<string, string>> = {}): JsonObject {
  return {
    ...role(name, [], labels),
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [aggregate(name)]: 'true' } }] },
  };
}

function binding(name: string, groups: readonly string[]): JsonObject {
  return {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name, labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
    subjects: groups.map((group) => ({ apiGroup: rbac, kind: 'Group', name: group })),
  };
}

const core = ['configmaps', 'endpoints', 'persistentvolumeclaims', 'pods', 'serviceaccounts', 'services'];
const apps = [
  'daemonsets',
  'deployments',
  'deployments/scale',
  'replicasets',
  'replicasets/scale',
  'statefulsets',
  'statefulsets/scale',
];
const apiPaths = [
  '/api',
  '/api/*',
  '/apis',
  '/apis/*',
  '/healthz',
  '/livez',
  '/openapi',
  '/openapi/*',
  '/readyz',
  '/version',
  '/version/',
];

/** The roles and bindings that every cluster has from its start, in a short form of the API server's own. */
export const bootstrapPolicy: readonly JsonObject[] = [
  role('cluster-admin', [rule(['*'], ['*'], ['*']), { nonResourceURLs: ['*'], verbs: ['*'] }]),
  aggregated('admin'),
  aggregated('edit', { [aggregate('admin')]: 'true' }),
  aggregated('view', { [aggregate('edit')]: 'true' }),
  role(
    'system:aggregate-to-admin',
    [
      rule(['authorization.k8s.io'], ['localsubjectaccessreviews'], ['create']),
      rule([rbac], ['roles', 'rolebindings'], [...write, ...read]),
    ],
    { [aggregate('admin')]: 'true' },
  ),
  role(
    'system:aggregate-to-edit',
    [
      rule([''], [...core, 'secrets', 'events'], write),
      rule(
        [''],
        ['secrets', 'pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'services/proxy'],
        read,
      ),
      rule([''], ['serviceaccounts'], ['impersonate']),
      rule([''], ['pods/eviction', 'serviceaccounts/token'], ['create']),
      rule(['apps'], apps, write),
      rule(['batch'], ['cronjobs', 'jobs'], write),
      rule(['networking.k8s.io'], ['networkpolicies'], write),
      rule(['policy'], ['poddisruptionbudgets'], write),
      rule(['coordination.k8s.io'], ['leases'], [...write, ...read]),
    ],
    { [aggregate('edit')]: 'true' },
  ),
  role(
    'system:aggregate-to-view',
    [
      rule(
        [''],
        [...core, 'events', 'limitranges', 'namespaces', 'pods/log', 'pods/status', 'resourcequotas'],
        read,
      ),
      rule(['apps'], apps, read),
      rule(['batch'], ['cronjobs', 'jobs'], read),
      rule(['networking.k8s.io'], ['networkpolicies'], read),
      rule(['policy'], ['poddisruptionbudgets'], read),
    ],
    { [aggregate('view')]: 'true' },
  ),
  role('system:basic-user', [
    rule(['authorization.k8s.io'], ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'], ['create']),
    rule(['authentication.k8s.io'], ['selfsubjectreviews'], ['create']),
  ]),
  role('system:discovery', [{ nonResourceURLs: apiPaths, verbs: ['get'] }]),
  role('system:public-info-viewer', [
    { nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'], verbs: ['get'] },
  ]),
  role('system:auth-delegator', [
    rule(['authentication.k8s.io'], ['tokenreviews'], ['create']),
    rule(['authorization.k8s.io'], ['subjectaccessreviews'], ['create']),
  ]),
  binding('cluster-admin', ['system:masters']),
  binding('system:basic-user', ['system:authenticated']),
  binding('system:discovery', ['system:authenticated']),
  binding('system:public-info-viewer', ['system:authenticated', 'system:unauthenticated']),
];
