import {
  dig,
  ensureObject,
  isObject,
  type JsonObject,
  type KubeObject,
  objectOr,
  objectsOf,
  setDefault,
  textOr,
} from '../storage/objects.ts';
import { defaultPodSpec } from './pod-defaults.ts';

type Defaulting = (object: KubeObject) => void;
const rbacGroup = 'rbac.authorization.k8s.io';

const byResource: Readonly<Record<string, Defaulting>> = {
  '/pods': defaultPod,
  '/secrets': (secret) => setDefault(secret, 'type', 'Opaque'),
  '/namespaces': defaultNamespace,
  '/services': defaultService,
  '/events': (event) => {
    for (const key of ['firstTimestamp', 'lastTimestamp', 'eventTime']) event[key] ??= null;
    setDefault(event, 'reportingComponent', '');
    setDefault(event, 'reportingInstance', '');
    ensureObject(event, 'source');
  },
  'apps/deployments': (object) => {
    defaultDeployment(object);
    defaultTemplate(object);
  },
  'apps/replicasets': (object) => {
    setReplicas(object);
    defaultTemplate(object);
  },
  'apps/statefulsets': defaultStatefulSet,
  'apps/daemonsets': defaultDaemonSet,
  'batch/jobs': defaultJob,
  'rbac.authorization.k8s.io/rolebindings': defaultBinding,
  'rbac.authorization.k8s.io/clusterrolebindings': defaultBinding,
  'rbac.authorization.k8s.io/clusterroles': (role) => {
    role.rules ??= null;
  },
  'rbac.authorization.k8s.io/roles': (role) => {
    role.rules ??= null;
  },
  'apiextensions.k8s.io/customresourcedefinitions': defaultDefinition,
};

/** Fills the fields that the API server fills when a client leaves them out. */
export function applyDefaults(key: string, object: KubeObject): void {
  byResource[key]?.(object);
}

function defaultPod(pod: KubeObject): void {
  const spec = ensureObject(pod, 'spec');
  defaultPodSpec(spec);
  if (spec.enableServiceLinks === undefined) spec.enableServiceLinks = true;
  setDefault(ensureObject(pod, 'status'), 'phase', 'Pending');
}

function defaultNamespace(namespace: KubeObject): void {
  ensureObject(namespace, 'spec');
  setDefault(ensureObject(namespace, 'status'), 'phase', 'Active');
  const name = namespace.metadata.name;
  if (name) namespace.metadata.labels = { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': name };
}

function defaultService(service: KubeObject): void {
  const spec = ensureObject(service, 'spec');
  setDefault(spec, 'type', 'ClusterIP');
  setDefault(spec, 'sessionAffinity', 'None');
  setDefault(spec, 'internalTrafficPolicy', 'Cluster');
  for (const port of objectsOf(spec.ports)) {
    setDefault(port, 'protocol', 'TCP');
    setDefault(port, 'targetPort', port.port);
  }
  const status = ensureObject(service, 'status');
  ensureObject(status, 'loadBalancer');
}

function defaultTemplate(object: KubeObject): void {
  const template = dig(object, 'spec', 'template');
  if (!isObject(template)) return;
  ensureObject(template, 'metadata').creationTimestamp ??= null;
  if (isObject(template.spec)) defaultPodSpec(template.spec);
}

function setReplicas(object: KubeObject): JsonObject {
  const spec = ensureObject(object, 'spec');
  if (spec.replicas === undefined || spec.replicas === null) spec.replicas = 1;
  return spec;
}

function defaultDeployment(object: KubeObject): void {
  const spec = setReplicas(object);
  const strategy = ensureObject(spec, 'strategy');
  setDefault(strategy, 'type', 'RollingUpdate');
  if (strategy.type === 'RollingUpdate') rolling(strategy);
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
}

function rolling(strategy: JsonObject): void {
  const update = ensureObject(strategy, 'rollingUpdate');
  update.maxUnavailable ??= '25%';
  update.maxSurge ??= '25%';
}

function defaultStatefulSet(object: KubeObject): void {
  const spec = setReplicas(object);
  setDefault(spec, 'podManagementPolicy', 'OrderedReady');
  spec.revisionHistoryLimit ??= 10;
  const strategy = ensureObject(spec, 'updateStrategy');
  setDefault(strategy, 'type', 'RollingUpdate');
  if (strategy.type === 'RollingUpdate') ensureObject(strategy, 'rollingUpdate').partition ??= 0;
  defaultTemplate(object);
}

function defaultDaemonSet(object: KubeObject): void {
  const spec = ensureObject(object, 'spec');
  spec.revisionHistoryLimit ??= 10;
  const strategy = ensureObject(spec, 'updateStrategy');
  setDefault(strategy, 'type', 'RollingUpdate');
  if (strategy.type === 'RollingUpdate')
    Object.assign(strategy, {
      rollingUpdate: { maxSurge: 0, maxUnavailable: 1, ...objectOr(strategy.rollingUpdate) },
    });
  defaultTemplate(object);
}

function defaultJob(object: KubeObject): void {
  const spec = ensureObject(object, 'spec');
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= 6;
  setDefault(spec, 'completionMode', 'NonIndexed');
  spec.suspend ??= false;
  defaultTemplate(object);
}

function defaultBinding(binding: KubeObject): void {
  if (isObject(binding.roleRef)) setDefault(binding.roleRef, 'apiGroup', rbacGroup);
  for (const subject of objectsOf(binding.subjects)) {
    const ofRbac = subject.kind === 'User' || subject.kind === 'Group';
    if (ofRbac) setDefault(subject, 'apiGroup', rbacGroup);
  }
}

function defaultDefinition(definition: KubeObject): void {
  const names = dig(definition, 'spec', 'names');
  if (!isObject(names)) return;
  const kind = textOr(names.kind);
  setDefault(names, 'singular', kind.toLowerCase());
  setDefault(names, 'listKind', `${kind}List`);
  setDefault(ensureObject(ensureObject(definition, 'spec'), 'conversion'), 'strategy', 'None');
}
