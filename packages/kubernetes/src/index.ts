import type { Definition } from '@claw-run/core';
import { caMatches } from './checks/ca-matches.ts';
import { canI } from './checks/can-i.ts';
import { certificateValid } from './checks/certificate-valid.ts';
import { configMapMatches } from './checks/config-map-matches.ts';
import { identitiesUnique } from './checks/identities-unique.ts';
import { identityPattern } from './checks/identity-pattern.ts';
import { logsMatch } from './checks/logs-match.ts';
import { namespacesAligned } from './checks/namespaces-aligned.ts';
import { podsReady } from './checks/pods-ready.ts';
import { policyDrift } from './checks/policy-drift.ts';
import { quotaFree } from './checks/quota-free.ts';
import { rolloutComplete } from './checks/rollout-complete.ts';
import { rules } from './checks/rules.ts';
import { serviceEndpoints } from './checks/service-endpoints.ts';
import { tokenValid } from './checks/token-valid.ts';
import { trafficAllowed } from './checks/traffic-allowed.ts';
import { configMapValue } from './lookups/config-map-value.ts';
import { object } from './lookups/object.ts';
import { workloadSettings } from './lookups/workload-settings.ts';
import { apply } from './steps/apply.ts';
import { caBundle } from './steps/ca-bundle.ts';
import { clusterRole } from './steps/cluster-role.ts';
import { clusterRoleBinding } from './steps/cluster-role-binding.ts';
import { configMapEntry } from './steps/config-map-entry.ts';
import { customResource } from './steps/custom-resource.ts';
import { deletePods } from './steps/delete-pods.ts';
import { namespace } from './steps/namespace.ts';
import { quota } from './steps/quota.ts';
import { restartWorkload } from './steps/restart-workload.ts';
import { retireToken } from './steps/retire-token.ts';
import { role } from './steps/role.ts';
import { roleBinding } from './steps/role-binding.ts';
import { secretEntry } from './steps/secret-entry.ts';
import { serviceAccount } from './steps/service-account.ts';
import { serviceSelector } from './steps/service-selector.ts';
import { token } from './steps/token.ts';
import { workload } from './steps/workload.ts';

/** Every step, check and lookup of this library. */
export const kubernetes: readonly Definition[] = [
  apply,
  caBundle,
  caMatches,
  canI,
  certificateValid,
  clusterRole,
  clusterRoleBinding,
  configMapEntry,
  configMapMatches,
  configMapValue,
  customResource,
  deletePods,
  identitiesUnique,
  identityPattern,
  logsMatch,
  namespace,
  namespacesAligned,
  object,
  podsReady,
  policyDrift,
  quota,
  quotaFree,
  restartWorkload,
  retireToken,
  role,
  roleBinding,
  rolloutComplete,
  rules,
  secretEntry,
  serviceAccount,
  serviceEndpoints,
  serviceSelector,
  token,
  tokenValid,
  trafficAllowed,
  workload,
  workloadSettings,
];

export {
  apply,
  caBundle,
  caMatches,
  canI,
  certificateValid,
  clusterRole,
  clusterRoleBinding,
  configMapEntry,
  configMapMatches,
  configMapValue,
  customResource,
  deletePods,
  identitiesUnique,
  identityPattern,
  logsMatch,
  namespace,
  namespacesAligned,
  object,
  podsReady,
  policyDrift,
  quota,
  quotaFree,
  restartWorkload,
  retireToken,
  role,
  roleBinding,
  rolloutComplete,
  rules,
  secretEntry,
  serviceAccount,
  serviceEndpoints,
  serviceSelector,
  token,
  tokenValid,
  trafficAllowed,
  workload,
  workloadSettings,
};
