import { type ClusterObject, defineState, equal, type ObjectRef, objectFact, refOf } from '@claw-run/core';
import * as z from 'zod';

const group = 'rbac.authorization.k8s.io';

/** Any object of RBAC, as a whole. */
export const authority = defineState({
  id: 'test.authority',
  on: 'cluster',
  summary: 'A role or a binding is as given',
  risk: 'routine',
  input: z.strictObject({ object: z.custom<ClusterObject>() }),
  examples: [],
  facts: ({ object }) => ({
    object: objectFact({ ref: refOf(object), parse: (now) => (now === null ? null : bare(now)) }),
  }),
  desire: ({ object }) => ({ object }),
  actions: (from, to) => {
    if (equal(from.object, to.object)) return [];
    const gone = from.object === null ? [] : [{ do: 'delete', ref: refOf(from.object) } as const];
    return to.object === null ? gone : [...gone, { do: 'create', object: to.object }];
  },
});

export function clusterRole(name: string, verbs: readonly string[]): ClusterObject {
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs }];
  return { apiVersion: `${group}/v1`, kind: 'ClusterRole', metadata: { name }, rules };
}

export function clusterRoleBinding(name: string, role: string): ClusterObject {
  const roleRef = { apiGroup: group, kind: 'ClusterRole', name: role };
  const subjects = [{ apiGroup: group, kind: 'User', name: 'worker' }];
  return { apiVersion: `${group}/v1`, kind: 'ClusterRoleBinding', metadata: { name }, roleRef, subjects };
}

export function refOfRole(name: string): ObjectRef {
  return refOf(clusterRole(name, []));
}

function bare({ metadata, ...rest }: ClusterObject): ClusterObject {
  return { ...rest, metadata: { name: metadata.name } } as ClusterObject;
}
