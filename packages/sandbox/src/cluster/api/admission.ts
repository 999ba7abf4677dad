import type { KubeObject } from '../storage/objects.ts';
import { ensureObject, objectsOf, setDefault, textOr } from '../storage/objects.ts';
import { ApiError, forbidden, notFound } from '../storage/status.ts';
import type { Call } from './context.ts';

/** What admission adds to a new object, or refuses it for: its namespace's life, and a pod's service account. */
export function admitCreation(call: Call, object: KubeObject): void {
  const { cluster, resource } = call;
  if (resource.namespaced) admitToNamespace(call, object);
  if (resource.group === '' && resource.plural === 'pods') admitPod(call, object);
  if (resource.group === '' && resource.plural === 'namespaces')
    setDefault(ensureObject(object, 'spec'), 'finalizers', ['kubernetes']);
  if (resource.group === '' && resource.plural === 'services')
    assignAddress(object, cluster.store.revision());
}

function admitToNamespace(call: Call, object: KubeObject): void {
  const name = object.metadata.namespace ?? '';
  const namespace = call.cluster.store.get('/namespaces', '', name);
  if (namespace === undefined) throw notFound({ group: '', plural: 'namespaces' }, name);
  if (namespace.metadata.deletionTimestamp === undefined) return;
  const why = `unable to create new content in namespace ${name} because it is being terminated`;
  const refusal = forbidden(call.resource, object.metadata.name, why);
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${name} is being terminated`,
    field: 'metadata.namespace',
  };
  throw new ApiError(403, 'Forbidden', refusal.message, { ...refusal.details, causes: [cause] });
}

function admitPod(call: Call, pod: KubeObject): void {
  const spec = ensureObject(pod, 'spec');
  setDefault(spec, 'serviceAccountName', 'default');
  spec.serviceAccount = spec.serviceAccountName;
  const account = textOr(spec.serviceAccountName);
  const namespace = pod.metadata.namespace ?? '';
  if (call.cluster.store.get('/serviceaccounts', namespace, account) === undefined) {
    const why = `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`;
    throw forbidden(call.resource, pod.metadata.name, why);
  }
  spec.priority ??= 0;
  setDefault(spec, 'preemptionPolicy', 'PreemptLowerPriority');
  const tolerations = [...objectsOf(spec.tolerations)];
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    if (tolerations.some((one) => one.key === key || (one.key === undefined && one.operator === 'Exists')))
      continue;
    tolerations.push({ effect: 'NoExecute', key, operator: 'Exists', tolerationSeconds: 300 });
  }
  spec.tolerations = tolerations;
  setDefault(ensureObject(pod, 'status'), 'qosClass', 'BestEffort');
}

function assignAddress(service: KubeObject, seed: number): void {
  const spec = ensureObject(service, 'spec');
  if (spec.type === 'ExternalName' || spec.clusterIP === 'None') return;
  setDefault(spec, 'clusterIP', `10.96.${Math.floor(seed / 250) % 250}.${(seed % 250) + 1}`);
  spec.clusterIPs ??= [spec.clusterIP];
  spec.ipFamilies ??= ['IPv4'];
  setDefault(spec, 'ipFamilyPolicy', 'SingleStack');
}
