import { type ClusterObject, nameOf, type ObjectRef, type Refused, refOf, refused } from '@claw-run/core';
import { listAt } from '../lib/json-at.ts';
import { missingRules, policyRule, type Rule, sameRules } from './rules.ts';

interface WantedRole {
  readonly rules: readonly Rule[];
  readonly mode: 'at-least' | 'exactly';
  readonly state: 'present' | 'absent';
}

/** What a Role or ClusterRole becomes. `absent` takes the whole role away. */
export function desiredRole(
  stored: ClusterObject | null,
  ref: ObjectRef,
  wanted: WantedRole,
): ClusterObject | null | Refused {
  if (wanted.state === 'absent') return null;
  const rules = wanted.rules.map(policyRule);
  const { apiVersion, kind, name, namespace } = ref;
  if (stored === null) {
    return { apiVersion, kind, metadata: namespace === undefined ? { name } : { name, namespace }, rules };
  }
  if (stored.aggregationRule !== undefined) {
    return refused(
      `${nameOf(refOf(stored))} is aggregated from other roles; its rules are written by a controller`,
      'give the rules to one of the roles it aggregates',
    );
  }
  const has = listAt(stored, 'rules');
  if (wanted.mode === 'exactly') return sameRules(has, rules) ? stored : { ...stored, rules };
  const missing = missingRules(has, wanted.rules);
  return missing.length === 0 ? stored : { ...stored, rules: [...has, ...missing] };
}
