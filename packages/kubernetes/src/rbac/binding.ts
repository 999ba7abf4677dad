import {
  type ClusterObject,
  equal,
  type Json,
  nameOf,
  type ObjectRef,
  type Refused,
  refused,
} from '@claw-run/core';
import { listAt, listed, textAt } from '../lib/json-at.ts';
import { sameSubject, subjectName } from './subjects.ts';

interface WantedBinding {
  readonly role: { readonly kind: 'Role' | 'ClusterRole'; readonly name: string };
  readonly subjects: readonly Json[];
  readonly mode: 'at-least' | 'exactly';
  readonly state: 'present' | 'absent';
}

/** What a RoleBinding or ClusterRoleBinding becomes. `absent` takes the subjects away, and the binding with the last one. */
export function desiredBinding(
  stored: ClusterObject | null,
  ref: ObjectRef,
  wanted: WantedBinding,
): ClusterObject | null | Refused {
  const has = listAt(stored ?? undefined, 'subjects');
  const others = has.filter((one) => !wanted.subjects.some((it) => sameSubject(one, it)));
  if (wanted.state === 'absent') {
    if (stored === null || others.length === 0) return null;
    return others.length === has.length ? stored : { ...stored, subjects: others };
  }
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', ...wanted.role };
  if (stored === null) {
    const { apiVersion, kind, name, namespace } = ref;
    const metadata = namespace === undefined ? { name } : { name, namespace };
    return { apiVersion, kind, metadata, roleRef, subjects: wanted.subjects };
  }
  if (!equal(stored.roleRef, roleRef) && wanted.mode === 'at-least' && others.length > 0) {
    return refused(
      `${nameOf(ref)} gives ${textAt(stored, 'roleRef', 'kind')} ${textAt(stored, 'roleRef', 'name')} to ${listed(others.map(subjectName))}, and a roleRef cannot be changed`,
      'choose another name for the binding, or `mode: exactly` to replace it',
    );
  }
  const missing = wanted.subjects.filter((one) => !has.some((it) => sameSubject(one, it)));
  const same = missing.length === 0 && (wanted.mode === 'at-least' || others.length === 0);
  const kept = wanted.mode === 'exactly' ? has.filter((one) => !others.includes(one)) : has;
  return { ...stored, roleRef, ...(same ? {} : { subjects: [...kept, ...missing] }) };
}
