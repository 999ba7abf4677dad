import { createHash } from 'node:crypto';
import type { Grant, SudoGrant } from '@claw-run/engine';

/** Missing rights as RBAC manifests for `kubectl apply -f -`: one role and binding a scope, the user left to fill in. */
export function grantsYaml(grants: readonly Grant[]): string {
  const scopes = Map.groupBy(grants, ({ target, namespace }) => JSON.stringify([target, namespace ?? null]));
  const targets = new Set(grants.map(({ target }) => target));
  return [...scopes.values()]
    .map((scope) => {
      const [first] = scope;
      const heading = targets.size > 1 ? [`# on the target ${first?.target}`] : [];
      return [...heading, ...manifests(first?.namespace, rulesOf(scope))].join('\n');
    })
    .join('\n---\n')
    .concat('\n');
}

/** Missing rights of sudo as lines of sudoers, each host's under its name where there are several. */
export function sudoersText(sudo: readonly SudoGrant[]): string {
  const hosts = Map.groupBy(sudo, ({ host }) => host);
  return [...hosts]
    .flatMap(([host, own]) => [
      ...(hosts.size > 1 ? [`# on ${host}`] : []),
      ...own.map(({ user, runAs, command }) => `${user} ALL=(${runAs}) NOPASSWD: ${command}`),
    ])
    .join('\n')
    .concat('\n');
}

interface Rule {
  readonly group: string;
  readonly resource: string;
  readonly name?: string | undefined;
  readonly verbs: readonly string[];
}

/** One rule for each resource and name; verbs and then names that agree are put together. */
function rulesOf(
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

/** A JSON text is YAML. */
function quote(text: string): string {
  return JSON.stringify(text);
}
