import type { Cluster } from '../api/context.ts';
import { isObject, listOr, objectsOf, same } from '../storage/objects.ts';
import { matchesLabels } from '../storage/selectors.ts';
import type { Change } from '../storage/store.ts';

const key = 'rbac.authorization.k8s.io/clusterroles';

/** Fills the rules of ClusterRoles that have an `aggregationRule` from the roles that it selects. */
export function aggregateRoles({ store }: Cluster, change: Change): void {
  if (change.key !== key) return;
  const roles = store.list(key);
  for (const role of roles) {
    if (!isObject(role.aggregationRule)) continue;
    const selectors = objectsOf(role.aggregationRule.clusterRoleSelectors);
    const chosen = roles.filter(
      (one) =>
        one !== role && selectors.some((selector) => matchesLabels(selector, one.metadata.labels ?? {})),
    );
    const rules = chosen.flatMap((one) => listOr(one.rules));
    const unique = rules.filter((rule, at) => rules.findIndex((other) => same(other, rule)) === at);
    if (!same(unique, listOr(role.rules))) store.put(key, { ...role, rules: unique });
  }
}
