import type { Json } from '@claw-run/core';
import * as z from 'zod';
import { name } from '../inputs.ts';
import { textAt } from '../lib/json-at.ts';

/** Who a role is given to, as a person writes it. */
export const subject = z.union([
  z.strictObject({
    account: name.describe('Name of a service account'),
    namespace: name.optional().describe('Namespace of the account; that of the binding where it has one'),
  }),
  z.strictObject({ user: z.string().min(1).describe('A user as the API server knows him') }),
  z.strictObject({ group: z.string().min(1).describe('A group as the API server knows it') }),
]);

export type SubjectInput = z.output<typeof subject>;

const rbac = 'rbac.authorization.k8s.io';

/** A subject as the API stores it: the group of service accounts is left out, that of users and groups is filled in. */
export function storedSubject(from: SubjectInput, bindingNamespace?: string): Json {
  if ('user' in from) return { apiGroup: rbac, kind: 'User', name: from.user };
  if ('group' in from) return { apiGroup: rbac, kind: 'Group', name: from.group };
  return {
    kind: 'ServiceAccount',
    name: from.account,
    namespace: from.namespace ?? bindingNamespace ?? 'default',
  };
}

/** The same subject, however it is written. */
export function sameSubject(a: Json, b: Json): boolean {
  return ['kind', 'name', 'namespace'].every((key) => textAt(a, key) === textAt(b, key));
}

/** `ServiceAccount production/openclaw-worker-sa`. */
export function subjectName(of: Json): string {
  const namespace = textAt(of, 'namespace');
  return `${textAt(of, 'kind')} ${namespace === undefined ? '' : `${namespace}/`}${textAt(of, 'name')}`;
}
