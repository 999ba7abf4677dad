import { defineState, isRefused, type ObjectRef } from '@claw-run/core';
import * as z from 'zod';
import { objectActions, replacementReason } from '../actions/object-actions.ts';
import { storedObject } from '../facts/stored-object.ts';
import { mode, name, state } from '../inputs.ts';
import { desiredBinding } from '../rbac/binding.ts';
import { storedSubject, subject } from '../rbac/subjects.ts';

export const clusterRoleBinding = defineState({
  id: 'kubernetes.cluster-role-binding',
  on: 'cluster',
  summary: 'A ClusterRole is given to subjects in the whole cluster',
  description:
    'A binding of the same name that gives another role is replaced, because a roleRef cannot be changed; it is ' +
    'refused where others would lose their role by that. `state: absent` takes the subjects away, and the binding with the last of them.',
  risk: 'routine',
  input: z
    .strictObject({
      name: name.describe('Name of the ClusterRoleBinding'),
      'cluster-role': name.describe('Name of the ClusterRole that is given'),
      subjects: z.array(subject).min(1).describe('Who it is given to; an account must name its namespace'),
      mode,
      state,
    })
    .refine(
      (it) => it.subjects.every((one) => !('account' in one) || one.namespace !== undefined),
      'each account must name its namespace',
    ),
  examples: [
    {
      title: 'The workers of production',
      with: {
        name: 'openclaw-worker-binding',
        'cluster-role': 'openclaw-worker',
        subjects: [{ account: 'openclaw-worker-sa', namespace: 'production' }],
      },
    },
  ],
  facts: (input) => ({ binding: storedObject(ref(input.name)) }),
  desire: (input, seen) => {
    const role = { kind: 'ClusterRole', name: input['cluster-role'] } as const;
    const subjects = input.subjects.map((one) => storedSubject(one));
    const binding = desiredBinding(seen.binding, ref(input.name), { ...input, role, subjects });
    return isRefused(binding) ? binding : { binding };
  },
  actions: (from, to) => objectActions(from.binding, to.binding),
  explain: (from, to) => replacementReason(from.binding, to.binding),
});

function ref(name: string): ObjectRef {
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', name };
}
