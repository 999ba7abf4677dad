import { type JsonObject, type KubeObject, objectOr, objectsOf, textOr } from '../storage/objects.ts';
import { qualified } from '../storage/status.ts';
import type { Store } from '../storage/store.ts';
import { type Attributes, allows, type PolicyRule, rulesOf } from './rules.ts';
import type { User } from './user.ts';

/** The answer to "may this user do that?"; the reason names the binding, or why a rule could not be read. */
export interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
}

/** Decides by Roles, ClusterRoles and their bindings (rbac.authorization.k8s.io/v1). */
export interface Authorizer {
  decide(user: User, wanted: Attributes): Decision;
  rules(user: User, namespace: string): readonly PolicyRule[];
  rulesOfRole(ref: JsonObject, namespace: string): readonly PolicyRule[] | undefined;
}

interface Grant {
  readonly rules: readonly PolicyRule[];
  readonly source: string;
}

const group = 'rbac.authorization.k8s.io';

/** RBAC over the objects of a store, read anew at each decision. */
export function createAuthorizer(store: Store): Authorizer {
  const roleOf = (ref: JsonObject, namespace: string): KubeObject | undefined =>
    ref.kind === 'ClusterRole'
      ? store.get(`${group}/clusterroles`, '', textOr(ref.name))
      : store.get(`${group}/roles`, namespace, textOr(ref.name));

  function* grants(user: User, namespace: string, errors: string[]): Generator<Grant> {
    const bindings = [
      ...store.list(`${group}/clusterrolebindings`),
      ...(namespace === '' ? [] : store.list(`${group}/rolebindings`, namespace)),
    ];
    for (const binding of bindings) {
      const subject = objectsOf(binding.subjects).find((one) =>
        isSubject(one, user, binding.metadata.namespace ?? ''),
      );
      if (subject === undefined) continue;
      const ref = objectOr(binding.roleRef);
      const role = roleOf(ref, binding.metadata.namespace ?? '');
      if (role === undefined) errors.push(missingRole(ref));
      else yield { rules: rulesOf(role), source: sourceText(binding, ref, subject) };
    }
  }

  return {
    decide(user, wanted) {
      if (user.groups.includes('system:masters')) return { allowed: true, reason: '' };
      const errors: string[] = [];
      for (const grant of grants(user, 'path' in wanted ? '' : wanted.namespace, errors)) {
        if (grant.rules.some((rule) => allows(rule, wanted))) return { allowed: true, reason: grant.source };
      }
      return {
        allowed: false,
        reason:
          errors.length === 0 ? '' : `RBAC: ${errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`}`,
      };
    },
    rules: (user, namespace) => [...grants(user, namespace, [])].flatMap((grant) => grant.rules),
    rulesOfRole(ref, namespace) {
      const role = roleOf(ref, namespace);
      return role && rulesOf(role);
    },
  };
}

function missingRole(ref: JsonObject): string {
  return `${qualified({ group, plural: textOr(ref.kind).toLowerCase() })} "${textOr(ref.name)}" not found`;
}

function isSubject(subject: JsonObject, user: User, namespace: string): boolean {
  const name = textOr(subject.name);
  if (subject.kind === 'User') return name === user.username;
  if (subject.kind === 'Group') return user.groups.includes(name);
  return `system:serviceaccount:${textOr(subject.namespace) || namespace}:${name}` === user.username;
}

function sourceText(binding: KubeObject, ref: JsonObject, subject: JsonObject): string {
  const { name, namespace } = binding.metadata;
  const which =
    namespace === undefined ? `ClusterRoleBinding "${name}"` : `RoleBinding "${name}/${namespace}"`;
  const whom =
    subject.kind === 'ServiceAccount'
      ? `${textOr(subject.name)}/${textOr(subject.namespace)}`
      : textOr(subject.name);
  return `RBAC: allowed by ${which} of ${textOr(ref.kind)} "${textOr(ref.name)}" to ${textOr(subject.kind)} "${whom}"`;
}

/** What a refused user is told: `User "x" cannot get resource "pods" in API group "" in the namespace "n"`. */
export function refusalText(user: User, wanted: Attributes, reason: string): string {
  const who = `User ${JSON.stringify(user.username)} cannot ${wanted.verb}`;
  const because = reason === '' ? '' : `: ${reason}`;
  if ('path' in wanted) return `${who} path ${JSON.stringify(wanted.path)}${because}`;
  const resource = wanted.subresource === '' ? wanted.plural : `${wanted.plural}/${wanted.subresource}`;
  const where = wanted.namespace === '' ? 'at the cluster scope' : `in the namespace "${wanted.namespace}"`;
  return `${who} resource "${resource}" in API group "${wanted.group}" ${where}${because}`;
}
