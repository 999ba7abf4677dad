import { isObject } from '@claw-run/core';
import type { Grant } from '@claw-run/engine';
import { parseAllDocuments } from 'yaml';

/** Whether manifests, read as YAML, grant these rights in their one scope, and nothing else to anybody. Pure. */
export function grantsJust(text: string, grants: readonly Grant[]): boolean {
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents) || documents.length !== 2) return false;
  if (documents.some(({ errors, warnings }) => errors.length + warnings.length > 0)) return false;
  const [role, binding] = documents.map((document) => document.toJS() as unknown);
  const namespace = grants[0]?.namespace;
  const kind = namespace === undefined ? 'ClusterRole' : 'Role';
  const isOfScope = (object: unknown, itsKind: string) =>
    isObject(object) &&
    object.kind === itsKind &&
    isObject(object.metadata) &&
    object.metadata.namespace === namespace;
  if (!isOfScope(role, kind) || !isOfScope(binding, `${kind}Binding`)) return false;
  const { rules, metadata } = role as { rules: unknown; metadata: { name: unknown } };
  const { roleRef } = binding as { roleRef: unknown };
  if (!isObject(roleRef) || roleRef.kind !== kind || roleRef.name !== metadata.name) return false;
  const granted = rightsOf(rules);
  const wanted = grants.map((grant) => [grant.group, grant.resource, grant.verb, grant.name ?? null]);
  return granted !== undefined && sameSet(granted, wanted);
}

/** Every right that rules give, one by one; a rule without names gives all. */
function rightsOf(rules: unknown): readonly unknown[] | undefined {
  if (!Array.isArray(rules)) return undefined;
  const all: unknown[] = [];
  for (const rule of rules as readonly unknown[]) {
    if (!isObject(rule)) return undefined;
    const { apiGroups, resources, verbs, resourceNames, ...more } = rule;
    const lists = [apiGroups, resources, verbs, ...(resourceNames === undefined ? [] : [resourceNames])];
    if (Object.keys(more).length > 0 || !lists.every((list) => Array.isArray(list) && list.length > 0))
      return undefined;
    for (const group of apiGroups as unknown[])
      for (const resource of resources as unknown[])
        for (const verb of verbs as unknown[])
          for (const name of (resourceNames as unknown[] | undefined) ?? [null])
            all.push([group, resource, verb, name]);
  }
  return all;
}

function sameSet(one: readonly unknown[], other: readonly unknown[]): boolean {
  const texts = (list: readonly unknown[]) => [...new Set(list.map((each) => JSON.stringify(each)))].sort();
  return JSON.stringify(texts(one)) === JSON.stringify(texts(other));
}
