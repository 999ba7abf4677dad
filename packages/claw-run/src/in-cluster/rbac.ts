import type { Grant } from '@claw-run/engine';
import { rulesOf, unwordedGrant } from '../render/grants.ts';
import type { Explained, Manifest } from './manifest.ts';

const apiGroup = 'rbac.authorization.k8s.io';
const apiVersion = `${apiGroup}/v1`;

/** An account of a pod. */
export interface Account {
  readonly name: string;
  readonly namespace: string;
}

/** A service account whose token no pod gets that does not ask for it. */
export function accountManifest({ name, namespace }: Account, notes: readonly string[]): Explained {
  const manifest = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace, labels },
    automountServiceAccountToken: false,
  };
  return { manifest, notes };
}

export const labels = { 'app.kubernetes.io/name': 'claw-run' } as const;

/** Exactly these rights for an account: a Role for each namespace, and a ClusterRole for what belongs to none. */
export function rightsManifests(account: Account, grants: readonly Grant[]): readonly Explained[] {
  const worded = grants.filter((grant) => unwordedGrant(grant) === undefined);
  const scopes = Map.groupBy(worded, ({ namespace }) => namespace ?? '');
  return [...scopes]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([scope, own]) => {
      const kind = scope === '' ? 'ClusterRole' : 'Role';
      const name = scope === '' ? `${account.name}.${account.namespace}` : account.name;
      const metadata = { name, ...(scope === '' ? {} : { namespace: scope }), labels };
      const rules = rulesOf(own).map(({ group, resources, names, verbs }) => ({
        apiGroups: [group],
        resources: [...resources],
        ...(names.length === 0 ? {} : { resourceNames: [...names] }),
        verbs: [...verbs],
      }));
      const role: Manifest = { apiVersion, kind, metadata, rules };
      const binding: Manifest = {
        apiVersion,
        kind: `${kind}Binding`,
        metadata,
        roleRef: { apiGroup, kind, name },
        subjects: [{ kind: 'ServiceAccount', name: account.name, namespace: account.namespace }],
      };
      return [
        { manifest: role, notes: wideNotes(own) },
        { manifest: binding, notes: [] },
      ];
    });
}

/** Rights that no rule of RBAC grants alone, in words. */
export function unwordedNotes(grants: readonly Grant[]): readonly string[] {
  return grants.flatMap((grant) => {
    const why = unwordedGrant(grant);
    return why === undefined
      ? []
      : [`${grant.verb} ${grant.resource}${grant.group === '' ? '' : `.${grant.group}`}: ${why}`];
  });
}

/** Verbs that act on one object: without a name in the rule, on any. */
const ofOne = ['get', 'update', 'patch', 'delete'];

function wideNotes(grants: readonly Grant[]): readonly string[] {
  const wide = grants.filter(
    ({ verb, name, resource }) => name === undefined && ofOne.includes(verb) && resource !== 'pods/log',
  );
  const words = [
    ...new Set(
      wide.map(({ verb, resource, group }) => `${verb} ${resource}${group === '' ? '' : `.${group}`}`),
    ),
  ];
  return words.length === 0
    ? []
    : [
        `Of any name, because the name is known in the run only, or because a role that it writes gives it: ${words.join(', ')}`,
      ];
}
