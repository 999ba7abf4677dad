import { type JsonObject, type KubeObject, objectsOf, textsOf } from '../storage/objects.ts';

/** A PolicyRule (rbac.authorization.k8s.io/v1). */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

/** What someone wants to do (authorization.k8s.io/v1 attributes). */
export type Attributes =
  | { readonly verb: string; readonly path: string }
  | {
      readonly verb: string;
      readonly group: string;
      readonly version: string;
      readonly plural: string;
      readonly subresource: string;
      readonly namespace: string;
      readonly name: string;
    };

/** The rules of a Role or ClusterRole. */
export function rulesOf(role: KubeObject): readonly PolicyRule[] {
  return objectsOf(role.rules).map(parseRule);
}

/** Reads one rule. */
export function parseRule(rule: JsonObject): PolicyRule {
  return {
    verbs: textsOf(rule.verbs),
    apiGroups: textsOf(rule.apiGroups),
    resources: textsOf(rule.resources),
    resourceNames: textsOf(rule.resourceNames),
    nonResourceURLs: textsOf(rule.nonResourceURLs),
  };
}

/** Whether a rule allows a request. */
export function allows(rule: PolicyRule, wanted: Attributes): boolean {
  if (!includes(rule.verbs, wanted.verb)) return false;
  if ('path' in wanted) return rule.nonResourceURLs.some((pattern) => pathMatches(pattern, wanted.path));
  const named = rule.resourceNames.length === 0 || rule.resourceNames.includes(wanted.name);
  return (
    includes(rule.apiGroups, wanted.group) &&
    coversResource(rule.resources, wanted.plural, wanted.subresource) &&
    named
  );
}

function includes(list: readonly string[], value: string): boolean {
  return list.includes('*') || list.includes(value);
}

function coversResource(resources: readonly string[], plural: string, subresource: string): boolean {
  const full = subresource === '' ? plural : `${plural}/${subresource}`;
  return includes(resources, full) || (subresource !== '' && resources.includes(`*/${subresource}`));
}

function pathMatches(pattern: string, path: string): boolean {
  return (
    pattern === '*' || pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1)))
  );
}

/** The parts of `wanted` that no rule of `held` covers, brought together for a message. */
export function uncovered(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): readonly PolicyRule[] {
  const missing = wanted.flatMap(breakDown).filter((part) => !held.some((rule) => covers(rule, part)));
  const compact = new Map<string, PolicyRule>();
  for (const part of missing) {
    const key = JSON.stringify([part.apiGroups, part.resources, part.resourceNames, part.nonResourceURLs]);
    const present = compact.get(key);
    const verbs = [...(present?.verbs ?? []), ...part.verbs.filter((verb) => !present?.verbs.includes(verb))];
    compact.set(key, { ...part, verbs });
  }
  return [...compact.values()];
}

function breakDown(rule: PolicyRule): readonly PolicyRule[] {
  const names = rule.resourceNames.length > 0 ? rule.resourceNames.map((name) => [name]) : [[]];
  const none = { apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] };
  const paths = rule.nonResourceURLs.flatMap((url) =>
    rule.verbs.map((verb) => ({ ...none, verbs: [verb], nonResourceURLs: [url] })),
  );
  const resources = rule.apiGroups.flatMap((group) =>
    rule.resources.flatMap((resource) =>
      names.flatMap((name) =>
        rule.verbs.map((verb) => ({
          ...none,
          verbs: [verb],
          apiGroups: [group],
          resources: [resource],
          resourceNames: name,
        })),
      ),
    ),
  );
  return [...resources, ...paths];
}

function covers(rule: PolicyRule, part: PolicyRule): boolean {
  const verb = part.verbs[0] ?? '';
  if (!includes(rule.verbs, verb)) return false;
  const [url] = part.nonResourceURLs;
  if (url !== undefined) return rule.nonResourceURLs.some((pattern) => pathMatches(pattern, url));
  const [plural = '', subresource = ''] = (part.resources[0] ?? '').split('/');
  const [name] = part.resourceNames;
  const named = rule.resourceNames.length === 0 || (name !== undefined && rule.resourceNames.includes(name));
  return (
    includes(rule.apiGroups, part.apiGroups[0] ?? '') &&
    coversResource(rule.resources, plural, subresource) &&
    named
  );
}

/** A rule as the API server writes it in messages: `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`. */
export function ruleText(rule: PolicyRule): string {
  const parts = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['ResourceNames', rule.resourceNames],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['Verbs', rule.verbs],
  ] as const;
  const filled = parts.filter(([, values]) => values.length > 0);
  return `{${filled.map(([name, values]) => `${name}:[${values.map((value) => JSON.stringify(value)).join(' ')}]`).join(', ')}}`;
}
