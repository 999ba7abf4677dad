import { defineState, isRefused, type ObjectRef } from '@claw-run/core';
import * as z from 'zod';
import { objectActions } from '../actions/object-actions.ts';
import { storedObject } from '../facts/stored-object.ts';
import { mode, name, namespace, state } from '../inputs.ts';
import { desiredRole } from '../rbac/role.ts';
import { rule } from '../rbac/rules.ts';

export const role = defineState({
  id: 'kubernetes.role',
  on: 'cluster',
  summary: 'A Role of a namespace grants permissions',
  description:
    'Permissions are compared as the RBAC authorizer reads them, so a rule that is already covered by others, or by ' +
    '`*`, is not added again. `state: absent` takes the whole Role away.',
  risk: 'routine',
  input: z.strictObject({
    name: name.describe('Name of the Role'),
    namespace,
    rules: z.array(rule).default([]).describe('What it must allow'),
    mode,
    state,
  }),
  examples: [
    {
      title: 'Workers may read their configuration',
      with: {
        name: 'openclaw-worker-config',
        namespace: 'production',
        rules: [{ resources: ['configmaps'], verbs: ['get', 'list', 'watch'] }],
      },
    },
  ],
  facts: (input) => ({ role: storedObject(ref(input)) }),
  desire: (input, seen) => {
    const role = desiredRole(seen.role, ref(input), input);
    return isRefused(role) ? role : { role };
  },
  actions: (from, to) => objectActions(from.role, to.role),
});

function ref(input: { readonly name: string; readonly namespace: string }): ObjectRef {
  const { name, namespace } = input;
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', name, namespace };
}
