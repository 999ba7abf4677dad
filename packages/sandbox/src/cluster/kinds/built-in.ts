import type { Resource, Subresource } from './resource.ts';
import { builtInShapes, plainShape } from './shapes.ts';

const everyVerb = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
] as const;
const change = ['get', 'patch', 'update'] as const;

interface Traits {
  readonly cluster?: true;
  readonly short?: readonly string[];
  readonly all?: true;
  readonly status?: true;
  readonly subresources?: Readonly<Record<string, Subresource>>;
  readonly verbs?: readonly string[];
}

const scale: Readonly<Record<string, Subresource>> = {
  scale: { kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: change },
};
const podSubresources: Readonly<Record<string, Subresource>> = {
  binding: { kind: 'Binding', verbs: ['create'] },
  exec: { kind: 'PodExecOptions', verbs: ['create', 'get'] },
  eviction: { kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
  log: { kind: 'Pod', verbs: ['get'] },
};
const token: Readonly<Record<string, Subresource>> = {
  token: { kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1', verbs: ['create'] },
};
const review: Traits = { cluster: true, verbs: ['create'] };

function define(group: string, version: string, plural: string, kind: string, traits: Traits = {}): Resource {
  return {
    group,
    version,
    plural,
    kind,
    singular: kind.toLowerCase(),
    namespaced: traits.cluster !== true,
    shortNames: traits.short ?? [],
    categories: traits.all ? ['all'] : [],
    verbs: traits.verbs ?? everyVerb,
    subresources: {
      ...(traits.status && { status: { kind, verbs: change } }),
      ...traits.subresources,
    },
    shape: builtInShapes[`${group}/${plural}`] ?? plainShape,
  };
}

const rbac = 'rbac.authorization.k8s.io';

/** The resources that the server has from the start. */
export const builtInResources: readonly Resource[] = [
  define('', 'v1', 'configmaps', 'ConfigMap', { short: ['cm'] }),
  define('', 'v1', 'endpoints', 'Endpoints', { short: ['ep'] }),
  define('', 'v1', 'events', 'Event', { short: ['ev'] }),
  define('', 'v1', 'limitranges', 'LimitRange', { short: ['limits'] }),
  define('', 'v1', 'namespaces', 'Namespace', {
    cluster: true,
    short: ['ns'],
    status: true,
    subresources: { finalize: { kind: 'Namespace', verbs: ['update'] } },
    verbs: everyVerb.filter((verb) => verb !== 'deletecollection'),
  }),
  define('', 'v1', 'nodes', 'Node', { cluster: true, short: ['no'], status: true }),
  define('', 'v1', 'persistentvolumeclaims', 'PersistentVolumeClaim', { short: ['pvc'], status: true }),
  define('', 'v1', 'persistentvolumes', 'PersistentVolume', { cluster: true, short: ['pv'], status: true }),
  define('', 'v1', 'pods', 'Pod', { short: ['po'], all: true, status: true, subresources: podSubresources }),
  define('', 'v1', 'resourcequotas', 'ResourceQuota', { short: ['quota'], status: true }),
  define('', 'v1', 'secrets', 'Secret'),
  define('', 'v1', 'serviceaccounts', 'ServiceAccount', { short: ['sa'], subresources: token }),
  define('', 'v1', 'services', 'Service', { short: ['svc'], all: true, status: true }),
  define('apps', 'v1', 'daemonsets', 'DaemonSet', { short: ['ds'], all: true, status: true }),
  define('apps', 'v1', 'deployments', 'Deployment', {
    short: ['deploy'],
    all: true,
    status: true,
    subresources: scale,
  }),
  define('apps', 'v1', 'replicasets', 'ReplicaSet', {
    short: ['rs'],
    all: true,
    status: true,
    subresources: scale,
  }),
  define('apps', 'v1', 'statefulsets', 'StatefulSet', {
    short: ['sts'],
    all: true,
    status: true,
    subresources: scale,
  }),
  define('batch', 'v1', 'cronjobs', 'CronJob', { short: ['cj'], all: true, status: true }),
  define('batch', 'v1', 'jobs', 'Job', { all: true, status: true }),
  define('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget', { short: ['pdb'], status: true }),
  define('networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy', { short: ['netpol'] }),
  define('coordination.k8s.io', 'v1', 'leases', 'Lease'),
  define(rbac, 'v1', 'clusterrolebindings', 'ClusterRoleBinding', { cluster: true }),
  define(rbac, 'v1', 'clusterroles', 'ClusterRole', { cluster: true }),
  define(rbac, 'v1', 'rolebindings', 'RoleBinding'),
  define(rbac, 'v1', 'roles', 'Role'),
  define('apiextensions.k8s.io', 'v1', 'customresourcedefinitions', 'CustomResourceDefinition', {
    cluster: true,
    short: ['crd', 'crds'],
    status: true,
  }),
  define('authentication.k8s.io', 'v1', 'selfsubjectreviews', 'SelfSubjectReview', review),
  define('authentication.k8s.io', 'v1', 'tokenreviews', 'TokenReview', review),
  define('authorization.k8s.io', 'v1', 'localsubjectaccessreviews', 'LocalSubjectAccessReview', {
    verbs: ['create'],
  }),
  define('authorization.k8s.io', 'v1', 'selfsubjectaccessreviews', 'SelfSubjectAccessReview', review),
  define('authorization.k8s.io', 'v1', 'selfsubjectrulesreviews', 'SelfSubjectRulesReview', review),
  define('authorization.k8s.io', 'v1', 'subjectaccessreviews', 'SubjectAccessReview', review),
];
