import { invalidValue, notSupported, required } from '../storage/causes.ts';
import {
  dig,
  isObject,
  type JsonObject,
  type KubeObject,
  listOr,
  objectOr,
  objectsOf,
  same,
  textOr,
} from '../storage/objects.ts';
import { matchesLabels } from '../storage/selectors.ts';
import type { Cause } from '../storage/status.ts';
import { validateConfigMap, validateSecret } from './validate-data.ts';
import { validateDefinition } from './validate-definition.ts';
import { validatePodSpec } from './validate-pod.ts';

type Validation = (object: KubeObject, before?: KubeObject) => readonly Cause[];

const byResource: Readonly<Record<string, Validation>> = {
  '/pods': validatePod,
  '/configmaps': validateConfigMap,
  '/secrets': validateSecret,
  '/services': validateService,
  'apps/deployments': validateWorkload,
  'apps/replicasets': validateWorkload,
  'apps/statefulsets': validateWorkload,
  'apps/daemonsets': validateWorkload,
  'rbac.authorization.k8s.io/roles': validateRole,
  'rbac.authorization.k8s.io/clusterroles': validateRole,
  'rbac.authorization.k8s.io/rolebindings': validateBinding,
  'rbac.authorization.k8s.io/clusterrolebindings': validateBinding,
  'apiextensions.k8s.io/customresourcedefinitions': validateDefinition,
};

/** What is wrong with an object by the rules of its kind, including what may not change. */
export function validationCauses(key: string, object: KubeObject, before?: KubeObject): readonly Cause[] {
  return byResource[key]?.(object, before) ?? [];
}

const immutable = 'field is immutable';

function validatePod(pod: KubeObject, before?: KubeObject): readonly Cause[] {
  const causes = validatePodSpec(objectOr(pod.spec), 'spec');
  if (before === undefined || same(frozenPart(pod.spec), frozenPart(before.spec))) return causes;
  return [
    ...causes,
    {
      reason: 'FieldValueForbidden',
      field: 'spec',
      message:
        'Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n',
    },
  ];
}

function frozenPart(spec: unknown): JsonObject {
  const withoutImages = (containers: unknown) => objectsOf(containers).map((one) => ({ ...one, image: '' }));
  const { activeDeadlineSeconds: _deadline, tolerations: _tolerations, ...rest } = objectOr(spec);
  return {
    ...rest,
    containers: withoutImages(rest.containers),
    initContainers: withoutImages(rest.initContainers),
  };
}

function validateWorkload(object: KubeObject, before?: KubeObject): readonly Cause[] {
  const spec = objectOr(object.spec);
  const replicas = spec.replicas;
  const causes: Cause[] = [];
  if (typeof replicas === 'number' && replicas < 0) {
    causes.push(invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'));
  }
  causes.push(...selectorCauses(spec));
  causes.push(...validatePodSpec(objectOr(dig(spec, 'template', 'spec')), 'spec.template.spec'));
  const policy = dig(spec, 'template', 'spec', 'restartPolicy');
  if (policy !== undefined && policy !== 'Always') {
    causes.push(notSupported('spec.template.spec.restartPolicy', policy, ['Always']));
  }
  if (before !== undefined && !same(spec.selector, dig(before, 'spec', 'selector'))) {
    causes.push(invalidValue('spec.selector', spec.selector, immutable));
  }
  return causes;
}

function selectorCauses(spec: JsonObject): readonly Cause[] {
  if (!isObject(spec.selector)) {
    const labels = objectOr(dig(spec, 'template', 'metadata', 'labels'));
    const mismatch = invalidValue(
      'spec.template.metadata.labels',
      labels,
      '`selector` does not match template `labels`',
    );
    return [required('spec.selector'), mismatch];
  }
  const empty =
    Object.keys(objectOr(spec.selector.matchLabels)).length +
      listOr(spec.selector.matchExpressions).length ===
    0;
  if (empty)
    return [invalidValue('spec.selector', spec.selector, 'empty selector is invalid for deployment')];
  const labels = objectOr(dig(spec, 'template', 'metadata', 'labels')) as Record<string, string>;
  if (matchesLabels(spec.selector, labels)) return [];
  return [
    invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'),
  ];
}

function validateService(service: KubeObject): readonly Cause[] {
  const ports = objectsOf(dig(service, 'spec', 'ports'));
  const portless =
    ports.length === 0 &&
    dig(service, 'spec', 'clusterIP') !== 'None' &&
    dig(service, 'spec', 'type') !== 'ExternalName';
  if (portless) return [required('spec.ports')];
  return ports.flatMap((port, at) =>
    typeof port.port === 'number' && port.port > 0 && port.port < 65_536
      ? []
      : [invalidValue(`spec.ports[${at}].port`, port.port ?? 0, 'must be between 1 and 65535, inclusive')],
  );
}

function validateRole(role: KubeObject): readonly Cause[] {
  return objectsOf(role.rules).flatMap((rule, at) => {
    const field = `rules[${at}]`;
    const paths = listOr(rule.nonResourceURLs).length > 0;
    const causes: Cause[] =
      listOr(rule.verbs).length > 0
        ? []
        : [required(`${field}.verbs`, 'verbs must contain at least one value')];
    if (paths) {
      if (role.kind === 'Role')
        return [
          ...causes,
          invalidValue(
            `${field}.nonResourceURLs`,
            rule.nonResourceURLs,
            'namespaced rules cannot apply to non-resource URLs',
          ),
        ];
      return causes;
    }
    if (listOr(rule.apiGroups).length === 0)
      causes.push(required(`${field}.apiGroups`, 'resource rules must supply at least one api group'));
    if (listOr(rule.resources).length === 0)
      causes.push(required(`${field}.resources`, 'resource rules must supply at least one resource'));
    return causes;
  });
}

function validateBinding(binding: KubeObject, before?: KubeObject): readonly Cause[] {
  const group = 'rbac.authorization.k8s.io';
  const ref = objectOr(binding.roleRef);
  const kinds = binding.kind === 'RoleBinding' ? ['Role', 'ClusterRole'] : ['ClusterRole'];
  const causes: Cause[] = [];
  if (before !== undefined && !same(binding.roleRef, before.roleRef))
    causes.push(invalidValue('roleRef', binding.roleRef, 'cannot change roleRef'));
  if (ref.apiGroup !== group) causes.push(notSupported('roleRef.apiGroup', ref.apiGroup ?? '', [group]));
  if (!kinds.includes(textOr(ref.kind))) causes.push(notSupported('roleRef.kind', ref.kind ?? '', kinds));
  if (textOr(ref.name) === '') causes.push(required('roleRef.name'));
  return [
    ...causes,
    ...objectsOf(binding.subjects).flatMap((one, at) => subjectCauses(one, at, binding.kind)),
  ];
}

function subjectCauses(subject: JsonObject, at: number, binding: string): readonly Cause[] {
  const field = `subjects[${at}]`;
  const account = subject.kind === 'ServiceAccount';
  const causes: Cause[] = textOr(subject.name) === '' ? [required(`${field}.name`)] : [];
  if (!account && subject.kind !== 'User' && subject.kind !== 'Group') {
    return [
      ...causes,
      notSupported(`${field}.kind`, subject.kind ?? '', ['ServiceAccount', 'User', 'Group']),
    ];
  }
  const group = account ? '' : 'rbac.authorization.k8s.io';
  if ((subject.apiGroup ?? '') !== group)
    causes.push(notSupported(`${field}.apiGroup`, subject.apiGroup ?? '', [group]));
  if (account && binding === 'ClusterRoleBinding' && textOr(subject.namespace) === '')
    causes.push(required(`${field}.namespace`));
  return causes;
}
