import { defineState, isRefused, type ObjectRef } from '@claw-run/core';
import * as z from 'zod';
import { objectActions, replacementReason } from '../actions/object-actions.ts';
import { storedObject } from '../facts/stored-object.ts';
import { mode, name, namespace, state } from '../inputs.ts';
import { desiredBinding } from '../rbac/binding.ts';
import { storedSubject, subject } from '../rbac/subjects.ts';

export const roleBinding = defineState({
  id: 'kubernetes.role-binding',
  on: 'cluster',
  summary: 'A role is given to subjects within a namespace',
  description:
    'A binding of the same name that gives another role is replaced, because a roleRef cannot be changed; it is ' +
    'refused where others would lose their role by that. `state: absent` takes the subjects away, and the binding with the last of them.',
  risk: 'routine',
  input: z
    .strictObject({
      name: name.describe('Name of the RoleBinding'),
      namespace,
      role: name.optional().describe('Name of the Role that is given'),
      'cluster-role': name.optional().describe('Name of a ClusterRole, instead of a Role'),
      subjects: z.array(subject).min(1).describe('Who it is given to'),
      mode,
      state,
    })
    .refine(
      (it) => (it.role === undefined) !== (it['cluster-role'] === undefined),
      'give either role or cluster-role',
    ),
  examples: [
    {
      title: 'The workers of one namespace',
      with: {
        name: 'openclaw-worker',
        namespace: 'production',
        'cluster-role': 'openclaw-worker',
        subjects: [{ account: 'openclaw-worker-sa' }],
      },
    },
  ],
  facts: (input) => ({ binding: storedObject(ref(input)) }),
  desire: (input, seen) => {
    const role =
      input.role === undefined
        ? ({ kind: 'ClusterRole', name: input['cluster-role'] ?? '' } as const)
        : ({ kind: 'Role', name: input.role } as const);
    const subjects = input.subjects.map((one) => storedSubject(one, input.namespace));
    const binding = desiredBinding(seen.binding, ref(input), { ...input, role, subjects });
    return isRefused(binding) ? binding : { binding };
  },
  actions: (from, to) => objectActions(from.binding, to.binding),
  explain: (from, to) => replacementReason(from.binding, to.binding),
});

function ref(input: { readonly name: string; readonly namespace: string }): ObjectRef {
  const { name, namespace } = input;
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', name, namespace };
}
