import type { Subject } from '@claw-run/testing';
import fc from 'fast-check';
import { canI, clusterRole, clusterRoleBinding, role, roleBinding, rules } from '../../src/index.ts';
import { state } from './account-subjects.ts';
import { clusterObject, home, object, rbac } from './given.ts';

const group = 'rbac.authorization.k8s.io';
const mode = fc.constantFrom('at-least', 'exactly');
const some = <T>(...of: readonly T[]) => fc.subarray([...of], { minLength: 1 });

const ruleInput = fc.record({
  resources: some('pods', 'configmaps', '*'),
  verbs: some('get', 'list', '*'),
});
const storedRule = fc.record({
  apiGroups: fc.constantFrom([''], ['apps'], ['*']),
  resources: some('pods', 'configmaps', '*'),
  verbs: some('get', 'list', 'watch'),
});
const storedRules = fc.option(fc.array(storedRule, { maxLength: 3 }), { nil: undefined });

const subjectInput = fc.constantFrom(
  { account: 'a' },
  { account: 'b', namespace: home },
  { user: 'u' },
  { group: 'g' },
);
const storedSubject = fc.constantFrom(
  { kind: 'ServiceAccount', name: 'a', namespace: home },
  { kind: 'ServiceAccount', name: 'z', namespace: home },
  { kind: 'User', name: 'u', apiGroup: group },
  { kind: 'Group', name: 'h', apiGroup: group },
);
const storedSubjects = fc.uniqueArray(storedSubject, { maxLength: 3 });
const storedRoleRef = (kind: string) =>
  fc.constantFrom('view', 'laws-old').map((name) => ({ apiGroup: group, kind, name }));

const wanted = [{ resources: ['pods'], verbs: ['get', 'list'] }];
const stored = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
const roleId = [rbac, 'Role', 'laws'] as const;
const clusterRoleId = [rbac, 'ClusterRole', 'laws'] as const;
const bindingId = [rbac, 'RoleBinding', 'laws'] as const;
const clusterBindingId = [rbac, 'ClusterRoleBinding', 'laws'] as const;

const roleUse = { definition: role, with: { name: 'laws', namespace: home, rules: wanted } };
const clusterRoleUse = { definition: clusterRole, with: { name: 'laws', rules: wanted } };
const bindingUse = {
  definition: roleBinding,
  with: { name: 'laws', namespace: home, 'cluster-role': 'view', subjects: [{ account: 'a' }] },
};
const clusterBindingUse = {
  definition: clusterRoleBinding,
  with: { name: 'laws', 'cluster-role': 'view', subjects: [{ account: 'a', namespace: home }] },
};
const view = { apiGroup: group, kind: 'ClusterRole', name: 'view' };
const accountA = { kind: 'ServiceAccount', name: 'a', namespace: home };
const roles = fc.record({ rules: fc.array(ruleInput, { minLength: 1, maxLength: 2 }), mode, state: state() });
const bindings = fc.record({
  subjects: fc.uniqueArray(subjectInput, { minLength: 1, maxLength: 3 }),
  mode,
  state: state(),
});

export const rbacSubjects: readonly Subject[] = [
  {
    ...roleUse,
    title: 'no role',
    inputs: roles.map((it) => ({ ...roleUse.with, ...it })),
    givens: storedRules.map((rules) => (rules === undefined ? [] : [object(roleId, { rules })])),
  },
  { ...roleUse, title: 'a role that allows less', given: [object(roleId, { rules: stored })] },
  {
    ...clusterRoleUse,
    title: 'a role that allows other things',
    given: [clusterObject(clusterRoleId, { rules: stored }, { labels: { of: 'others' } })],
    inputs: roles.map((it) => ({ ...clusterRoleUse.with, ...it })),
    givens: storedRules.map((rules) =>
      rules === undefined ? [] : [clusterObject(clusterRoleId, { rules })],
    ),
  },
  {
    ...clusterRoleUse,
    title: 'an aggregated role',
    given: [
      clusterObject(clusterRoleId, {
        aggregationRule: { clusterRoleSelectors: [{ matchLabels: { laws: 'none' } }] },
        rules: null,
      }),
    ],
    plans: 'refused',
  },
  {
    ...bindingUse,
    title: 'no binding',
    inputs: bindings.map((it) => ({ ...bindingUse.with, ...it })),
    givens: fc
      .option(fc.record({ roleRef: storedRoleRef('ClusterRole'), subjects: storedSubjects }), {
        nil: undefined,
      })
      .map((rest) => (rest === undefined ? [] : [object(bindingId, rest)])),
  },
  {
    ...bindingUse,
    title: 'a binding of another role, which is replaced',
    with: { ...bindingUse.with, mode: 'exactly' },
    given: [
      object(
        bindingId,
        { roleRef: { ...view, name: 'edit' }, subjects: [accountA] },
        { annotations: { of: 'others' } },
      ),
    ],
  },
  {
    ...bindingUse,
    title: 'a binding of another role to others',
    given: [
      object(bindingId, {
        roleRef: { ...view, name: 'edit' },
        subjects: [{ apiGroup: group, kind: 'User', name: 'u' }],
      }),
    ],
    plans: 'refused',
  },
  {
    ...clusterBindingUse,
    title: 'a binding without subjects',
    given: [clusterObject(clusterBindingId, { roleRef: view })],
    inputs: bindings.map(({ subjects, ...it }) => ({
      ...clusterBindingUse.with,
      ...it,
      subjects: subjects.map((one) => ('account' in one ? { ...one, namespace: home } : one)),
    })),
    givens: fc
      .option(fc.record({ roleRef: storedRoleRef('ClusterRole'), subjects: storedSubjects }), {
        nil: undefined,
      })
      .map((rest) => (rest === undefined ? [] : [clusterObject(clusterBindingId, rest)])),
  },
  {
    ...clusterBindingUse,
    title: 'a binding to take away',
    with: { ...clusterBindingUse.with, state: 'absent' },
    given: [clusterObject(clusterBindingId, { roleRef: view, subjects: [accountA] })],
  },
  {
    definition: rules,
    title: 'a role that allows less',
    with: { role: 'laws', namespace: home, rules: wanted },
    given: [object(roleId, { rules: stored })],
    finds: 'fail',
  },
  {
    definition: rules,
    title: 'a role that allows as much',
    with: { role: 'laws', namespace: home, rules: [{ resources: ['pods'], verbs: ['get'] }] },
    given: [object(roleId, { rules: stored })],
    finds: 'pass',
  },
  {
    definition: canI,
    title: 'an account without rights',
    with: { as: `system:serviceaccount:${home}:nobody`, can: ['get pods', 'get pods/log'] },
    finds: 'fail',
  },
];
