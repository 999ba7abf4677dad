import { defineState, isRefused, type ObjectRef } from '@claw-run/core';
import * as z from 'zod';
import { objectActions } from '../actions/object-actions.ts';
import { storedObject } from '../facts/stored-object.ts';
import { mode, name, state } from '../inputs.ts';
import { desiredRole } from '../rbac/role.ts';
import { rule } from '../rbac/rules.ts';

export const clusterRole = defineState({
  id: 'kubernetes.cluster-role',
  on: 'cluster',
  summary: 'A ClusterRole grants permissions',
  description:
    'Permissions are compared as the RBAC authorizer reads them, so a rule that is already covered by others, or by ' +
    '`*`, is not added again. An aggregated ClusterRole is refused. `state: absent` takes the whole ClusterRole away.',
  risk: 'routine',
  input: z.strictObject({
    name: name.describe('Name of the ClusterRole'),
    rules: z.array(rule).default([]).describe('What it must allow'),
    mode,
    state,
  }),
  examples: [
    {
      title: 'What OpenClaw asks of its workers',
      with: {
        name: 'openclaw-worker',
        rules: [
          {
            groups: ['openclaw.io'],
            resources: ['jobs', 'tasks'],
            verbs: ['get', 'list', 'watch', 'update', 'patch'],
          },
          { groups: ['openclaw.io'], resources: ['workers'], verbs: ['get', 'update', 'patch'] },
          { resources: ['pods', 'configmaps'], verbs: ['get', 'list', 'watch'] },
        ],
      },
    },
  ],
  facts: (input) => ({ role: storedObject(ref(input.name)) }),
  desire: (input, seen) => {
    const role = desiredRole(seen.role, ref(input.name), input);
    return isRefused(role) ? role : { role };
  },
  actions: (from, to) => objectActions(from.role, to.role),
});

function ref(name: string): ObjectRef {
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name };
}
