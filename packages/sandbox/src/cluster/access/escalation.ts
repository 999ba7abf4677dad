import { type KubeObject, objectOr, same } from '../storage/objects.ts';
import { forbidden, notFound } from '../storage/status.ts';
import type { Authorizer } from './authorizer.ts';
import { type PolicyRule, rulesOf, ruleText, uncovered } from './rules.ts';
import type { User } from './user.ts';

const group = 'rbac.authorization.k8s.io';
const roles = ['roles', 'clusterroles'];
const bindings = ['rolebindings', 'clusterrolebindings'];

/**
 * Refuses to let a user hand out rights that they do not hold: on a role unless they may `escalate` it, on a binding
 * unless they may `bind` its role.
 */
export function refuseEscalation(
  authorizer: Authorizer,
  user: User,
  plural: string,
  object: KubeObject,
  before?: KubeObject,
): void {
  if (user.groups.includes('system:masters')) return;
  if (roles.includes(plural) && !(before && same(before.rules, object.rules)))
    checkRole(authorizer, user, plural, object);
  if (bindings.includes(plural) && !(before && same(before.subjects, object.subjects)))
    checkBinding(authorizer, user, plural, object);
}

function checkRole(authorizer: Authorizer, user: User, plural: string, role: KubeObject): void {
  const { name, namespace = '' } = role.metadata;
  if (mayOn(authorizer, user, 'escalate', plural, namespace, name)) return;
  refuseMissing(authorizer, user, plural, role, rulesOf(role));
}

function checkBinding(authorizer: Authorizer, user: User, plural: string, binding: KubeObject): void {
  const { namespace = '' } = binding.metadata;
  const ref = objectOr(binding.roleRef);
  const rolePlural = ref.kind === 'ClusterRole' ? 'clusterroles' : 'roles';
  const roleName = String(ref.name);
  if (mayOn(authorizer, user, 'bind', rolePlural, namespace, roleName)) return;
  const rules = authorizer.rulesOfRole(ref, namespace);
  if (rules === undefined) throw notFound({ group, plural: rolePlural.slice(0, -1) }, roleName);
  refuseMissing(authorizer, user, plural, binding, rules);
}

function mayOn(
  authorizer: Authorizer,
  user: User,
  verb: string,
  plural: string,
  namespace: string,
  name: string,
): boolean {
  return authorizer.decide(user, { verb, group, version: 'v1', plural, subresource: '', namespace, name })
    .allowed;
}

function refuseMissing(
  authorizer: Authorizer,
  user: User,
  plural: string,
  object: KubeObject,
  wanted: readonly PolicyRule[],
): void {
  const { name, namespace = '' } = object.metadata;
  const missing = uncovered(authorizer.rules(user, namespace), wanted);
  if (missing.length === 0) return;
  const groups = user.groups.map((one) => JSON.stringify(one)).join(' ');
  const lines = missing.map(ruleText).join('\n');
  const why = `user ${JSON.stringify(user.username)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${lines}`;
  throw forbidden({ group, plural }, name, why);
}
