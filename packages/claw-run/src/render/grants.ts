import { createHash } from 'node:crypto';
import { isPrintable, printable } from '@claw-run/core';
import type { Grant, SudoGrant } from '@claw-run/engine';
import { grantsJust } from './grants-read-back.ts';

/**
 * Missing rights as RBAC manifests for `kubectl apply -f -`: one role and binding a scope, the user left to fill in. What no rule words alone is not among
 * them. Each text is read back before it is given.
 */
export function grantsYaml(grants: readonly Grant[]): string {
  const worded = grants.filter((grant) => unwordedGrant(grant) === undefined);
  const scopes = Map.groupBy(worded, ({ target, namespace }) => JSON.stringify([target, namespace ?? null]));
  const targets = new Set(grants.map(({ target }) => target));
  const texts = [...scopes.values()].flatMap((scope) => {
    const [first] = scope;
    const heading = targets.size > 1 ? [`# on the target ${oneLine(first?.target ?? '')}`] : [];
    const text = manifests(first?.namespace, rulesOf(scope)).join('\n');
    if (!grantsJust(text, scope))
      throw new Error('a manifest does not read back as the rights that it is to grant');
    return [[...heading, text].join('\n')];
  });
  return texts.length === 0 ? '' : texts.join('\n---\n').concat('\n');
}

/** Why no rule of RBAC grants just this; nothing where one does. A `*` would be everything, and an empty name every object. */
export function unwordedGrant({ group, resource, verb, namespace, name }: Grant): string | undefined {
  const parts = {
    'API group': group,
    resource,
    verb,
    namespace: namespace ?? 'default',
    name: name ?? 'any',
  };
  for (const [part, text] of Object.entries(parts)) {
    if (text.includes('*')) return `its ${part} holds *, which RBAC takes for everything`;
    if (!isPrintable(text)) return `its ${part} holds a line end, or a character that cannot be seen`;
    if (text === '' && part !== 'API group') return `its ${part} is empty`;
  }
  if (!/^[a-z0-9.-]*$/.test(group)) return 'that is not the name of an API group';
  if (!/^[a-z0-9.-]+(\/[a-z0-9.-]+)?$/.test(resource)) return 'that is not the name of a resource';
  if (!/^[a-z]+$/.test(verb)) return 'that is not a verb';
  if (namespace !== undefined && !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(namespace))
    return 'that is not the name of a namespace';
  // ValidatePathSegmentName of Kubernetes
  return name !== undefined && (/[/%]/.test(name) || /^\.\.?$/.test(name))
    ? 'that is not the name of an object'
    : undefined;
}

/** Missing rights of sudo as lines of sudoers, each host's under its name where there are several. What has no line is not among them. */
export function sudoersText(sudo: readonly SudoGrant[]): string {
  const hosts = Map.groupBy(sudo, ({ host }) => host);
  return [...hosts]
    .flatMap(([host, own]) => {
      const lines = [...new Set(own.flatMap(({ line }) => line ?? []))];
      return [...(hosts.size > 1 && lines.length > 0 ? [`# on ${oneLine(host)}`] : []), ...lines];
    })
    .map((line) => `${line}\n`)
    .join('');
}

interface Rule {
  readonly group: string;
  readonly resource: string;
  readonly name?: string | undefined;
  readonly verbs: readonly string[];
}

/** One rule for each resource and name; verbs and then names that agree are put together. */
export function rulesOf(
  grants: readonly Grant[],
): readonly (Rule & { names: readonly string[]; resources: readonly string[] })[] {
  const byObject = Map.groupBy(grants, ({ group, resource, name }) =>
    JSON.stringify([group, resource, name ?? null]),
  );
  const rules = [...byObject.values()].flatMap((same): Rule[] => {
    const [first] = same;
    if (first === undefined) return [];
    const { group, resource, name } = first;
    return [{ group, resource, name, verbs: [...new Set(same.map(({ verb }) => verb))] }];
  });
  const byVerbs = Map.groupBy(rules, ({ group, resource, name, verbs }) =>
    JSON.stringify([group, resource, name !== undefined, [...verbs].sort()]),
  );
  return [...byVerbs.values()].flatMap((same) => {
    const [first] = same;
    const names = same.flatMap(({ name }) => (name === undefined ? [] : [name]));
    return first === undefined ? [] : [{ ...first, names, resources: [first.resource] }];
  });
}

function manifests(namespace: string | undefined, rules: ReturnType<typeof rulesOf>): readonly string[] {
  const kind = namespace === undefined ? 'ClusterRole' : 'Role';
  const name = `claw-run-${createHash('sha256').update(JSON.stringify(rules)).digest('hex').slice(0, 8)}`;
  const metadata = [
    'metadata:',
    `  name: ${name}`,
    ...(namespace === undefined ? [] : [`  namespace: ${quote(namespace)}`]),
  ];
  return [
    'apiVersion: rbac.authorization.k8s.io/v1',
    `kind: ${kind}`,
    ...metadata,
    'rules:',
    ...rules.flatMap(({ group, resources, names, verbs }) => [
      `- apiGroups: [${quote(group)}]`,
      `  resources: [${resources.map(quote).join(', ')}]`,
      ...(names.length === 0 ? [] : [`  resourceNames: [${names.map(quote).join(', ')}]`]),
      `  verbs: [${verbs.map(quote).join(', ')}]`,
    ]),
    '---',
    'apiVersion: rbac.authorization.k8s.io/v1',
    `kind: ${kind}Binding`,
    ...metadata,
    'roleRef:',
    '  apiGroup: rbac.authorization.k8s.io',
    `  kind: ${kind}`,
    `  name: ${name}`,
    'subjects:',
    '- apiGroup: rbac.authorization.k8s.io',
    '  kind: User',
    '  name: USER # who runs claw-run, as `kubectl auth whoami` tells it',
  ];
}

/** A JSON text is YAML; nothing in it is left to an encoding. */
function quote(text: string): string {
  return JSON.stringify(text).replace(/[^ -~]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff
      ? `\\U${code.toString(16).padStart(8, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

function oneLine(text: string): string {
  return printable(text).replace(/[\n\t]/g, ' ');
}
