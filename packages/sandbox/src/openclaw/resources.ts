/** A kind of object and where the API server keeps it. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly { readonly manager?: string; readonly time?: string }[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** Any object of the API; the kinds that are looked into extend it. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: Metadata;
}

export interface ListOf<T> {
  readonly metadata: { readonly resourceVersion?: string };
  readonly items: readonly T[];
}

export const resources = {
  nodes: core('Node', 'nodes', false),
  namespaces: core('Namespace', 'namespaces', false),
  pods: core('Pod', 'pods'),
  configMaps: core('ConfigMap', 'configmaps'),
  secrets: core('Secret', 'secrets'),
  serviceAccounts: core('ServiceAccount', 'serviceaccounts'),
  services: core('Service', 'services'),
  quotas: core('ResourceQuota', 'resourcequotas'),
  networkPolicies: of('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'),
  deployments: of('apps/v1', 'Deployment', 'deployments'),
  replicaSets: of('apps/v1', 'ReplicaSet', 'replicasets'),
  leases: of('coordination.k8s.io/v1', 'Lease', 'leases'),
  roles: rbac('Role', 'roles'),
  roleBindings: rbac('RoleBinding', 'rolebindings'),
  clusterRoles: rbac('ClusterRole', 'clusterroles', false),
  clusterRoleBindings: rbac('ClusterRoleBinding', 'clusterrolebindings', false),
  definitions: of('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'customresourcedefinitions', false),
  subjectAccessReviews: of('authorization.k8s.io/v1', 'SubjectAccessReview', 'subjectaccessreviews', false),
  tokenReviews: of('authentication.k8s.io/v1', 'TokenReview', 'tokenreviews', false),
  workers: of('openclaw.io/v1', 'Worker', 'workers'),
  jobs: of('openclaw.io/v1', 'Job', 'jobs'),
  tasks: of('openclaw.io/v1', 'Task', 'tasks'),
} as const satisfies Record<string, Resource>;

/** The path of a collection (no name) or an object, optionally of one of its subresources. */
export function pathOf(resource: Resource, namespace?: string, name?: string, subresource?: string): string {
  const root = resource.apiVersion.includes('/')
    ? `/apis/${resource.apiVersion}`
    : `/api/${resource.apiVersion}`;
  const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${namespace}` : '';
  const tail = [name, subresource].filter((part) => part !== undefined).map((part) => `/${part}`);
  return `${root}${scope}/${resource.plural}${tail.join('')}`;
}

/** The kind of an object as the API server keeps it. */
export function resourceOf(object: KubeObject): Resource {
  const found = Object.values<Resource>(resources).find(
    ({ apiVersion, kind }) => apiVersion === object.apiVersion && kind === object.kind,
  );
  if (found === undefined)
    throw new Error(`${object.apiVersion} ${object.kind} is not among the known kinds`);
  return found;
}

/** The object's namespace and name in one word, as maps are keyed. */
export function keyOf(object: KubeObject): string {
  return object.metadata.namespace === undefined
    ? object.metadata.name
    : `${object.metadata.namespace}/${object.metadata.name}`;
}

/** A reference that makes `owner` the controller of another object. */
export function controlledBy(resource: Resource, owner: KubeObject): OwnerReference {
  return {
    apiVersion: resource.apiVersion,
    kind: resource.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

function core(kind: string, plural: string, namespaced = true): Resource {
  return of('v1', kind, plural, namespaced);
}

function rbac(kind: string, plural: string, namespaced = true): Resource {
  return of('rbac.authorization.k8s.io/v1', kind, plural, namespaced);
}

function of(apiVersion: string, kind: string, plural: string, namespaced = true): Resource {
  return { apiVersion, kind, plural, namespaced };
}
