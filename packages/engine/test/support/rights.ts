import type { ClusterObject } from '@claw-run/core';
import type { Grant } from '../../src/index.ts';

const rbac = 'rbac.authorization.k8s.io/v1';

/** The roles and bindings that give a user exactly some grants. */
export function rolesOf(user: string, grants: readonly Grant[], round: number): readonly ClusterObject[] {
  return [...Map.groupBy(grants, ({ namespace }) => namespace)].flatMap(([namespace, some]) => {
    const kind = namespace === undefined ? 'ClusterRole' : 'Role';
    const metadata = {
      name: `${user}-${round}`,
      ...(namespace === undefined ? {} : { namespace }),
    };
    const rules = some.map(({ group, resource, verb, name }) => ({
      apiGroups: [group],
      resources: [resource],
      verbs: [verb],
      ...(name === undefined ? {} : { resourceNames: [name] }),
    }));
    return [
      { apiVersion: rbac, kind, metadata, rules },
      {
        apiVersion: rbac,
        kind: `${kind}Binding`,
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: metadata.name },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
      },
    ];
  });
}
