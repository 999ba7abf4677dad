import {
  type Action,
  type ClusterAction,
  type ClusterObject,
  type ClusterRead,
  type Connection,
  type DryRunResult,
  groupOf,
  guessPlural,
  isObject,
  type ObjectRef,
  refOf,
} from '@claw-run/core';
import { isClusterAction, objectOf } from './predict.ts';

/** One right on a cluster, as an RBAC rule words it. Without a namespace it is cluster-wide. */
export interface Grant {
  readonly target: string;
  readonly group: string;
  /** With its subresource: `serviceaccounts/token`. */
  readonly resource: string;
  readonly verb: string;
  readonly namespace?: string;
  readonly name?: string;
}

export type Rule = Omit<Grant, 'target'>;

/** The lock of a cluster: where it is and what taking it needs. */
const lockRules: readonly Rule[] = ['create', 'get', 'update', 'delete'].map((verb) => ({
  group: 'coordination.k8s.io',
  resource: 'leases',
  namespace: 'default',
  verb,
  ...(verb === 'create' ? {} : { name: 'claw-run' }),
}));

/** The rights that reading a fact takes. */
export function grantsOfRead(target: string, read: ClusterRead): readonly Grant[] {
  switch (read.read) {
    case 'get':
      return [{ target, ...rule('get', read.ref), name: read.ref.name }];
    case 'list':
      return [{ target, ...rule('list', read) }];
    case 'rights':
      return [];
    case 'logs':
      return [{ target, group: '', resource: 'pods/log', verb: 'get', namespace: read.namespace }];
    case 'review': {
      const { apiVersion, kind, metadata } = read.review;
      const namespace = metadata?.namespace;
      return [
        {
          target,
          ...rule('create', { apiVersion, kind, ...(typeof namespace === 'string' ? { namespace } : {}) }),
        },
      ];
    }
    case 'dry-run':
      return rulesOf(read.action).map((one) => ({ target, ...one }));
  }
}

/**
 * The rights that performing actions, and taking back those that can be, takes, the lock included; what RBAC asks of those who hand on rights comes apart.
 */
export function grantsOfActions(
  target: string,
  actions: readonly Action[],
  reversible: readonly Action[] = actions,
): readonly Grant[] {
  const changes = actions.filter(isClusterAction);
  const all = [...changes.flatMap(rulesOf), ...reversible.filter(isClusterAction).flatMap(undoRules)];
  const fresh = new Set(
    changes.flatMap((action) =>
      action.do === 'create' && action.object.kind === 'Namespace' ? [action.object.metadata.name] : [],
    ),
  );
  return unique(
    [...all, ...(all.length === 0 ? [] : lockRules)].map((one) => ({ target, ...beyond(fresh, one) })),
  );
}

/** A right in a namespace that is only to be created can only be given cluster-wide. */
function beyond(fresh: ReadonlySet<string>, one: Rule): Rule {
  if (one.namespace === undefined || !fresh.has(one.namespace)) return one;
  const { namespace: _, ...everywhere } = one;
  return everywhere;
}

/**
 * Which of the grants are missing: by SelfSubjectAccessReview, one each, side by side. RBAC also wants whoever hands on rights to hold them, or
 * the verbs `escalate` and `bind`; whether that is so is tried by a dry run where those verbs are denied.
 */
export async function missingGrants(
  target: string,
  connection: Connection,
  { actions, reversible }: { actions: readonly Action[]; reversible: readonly Action[] },
  { run, signal }: { run: string; signal: AbortSignal },
): Promise<readonly Grant[]> {
  const cluster = connection as Connection<'cluster'>;
  const denied = (grants: readonly Grant[]) => deniedGrants(cluster, grants, signal);
  const wanted = grantsOfActions(target, actions, reversible);
  const plain = await denied(unique(wanted.map((grant) => lasting(grant, run))));
  const passing = await Promise.all(
    actions.filter(isClusterAction).map(async (action) => {
      const needed = await denied(handingOn(action).map((one) => ({ target, ...one })));
      if (needed.length === 0 || plain.length > 0) return needed;
      const tried = (await cluster.read({ read: 'dry-run', action }, { signal }).catch(() => undefined)) as
        | DryRunResult
        | undefined;
      return tried?.ok ? [] : needed;
    }),
  );
  return unique([...plain, ...passing.flat()]);
}

/** What is named after the run will bear another name the next time: such a right cannot be given by name. */
export function lasting(grant: Grant, run: string): Grant {
  if (!grant.name?.includes(run)) return grant;
  const { name: _, ...any } = grant;
  return any;
}

/** Those of the grants that the cluster does not give us. */
export async function deniedGrants(
  connection: Connection,
  grants: readonly Grant[],
  signal: AbortSignal,
): Promise<readonly Grant[]> {
  const answers = await Promise.all(
    grants.map((grant) => allowed(connection as Connection<'cluster'>, grant, signal)),
  );
  return grants.filter((_, index) => !answers[index]);
}

/** The right to bind the role that a binding names: it need not be held by whoever binds it. */
export function bindRules(action: ClusterAction): readonly Rule[] {
  return handingOn(action).filter(({ verb }) => verb === 'bind');
}

/** `escalate` for roles, `bind` for bindings (Kubernetes documentation, "Privilege escalation prevention and bootstrapping"). */
function handingOn(action: ClusterAction): readonly Rule[] {
  if (action.do !== 'create' && action.do !== 'apply' && action.do !== 'patch') return [];
  const ref = action.do === 'patch' ? action.ref : refOf(action.object);
  if (groupOf(ref.apiVersion) !== 'rbac.authorization.k8s.io') return [];
  if (ref.kind === 'Role' || ref.kind === 'ClusterRole') {
    return [{ ...rule('escalate', ref), ...(action.do === 'create' ? {} : { name: ref.name }) }];
  }
  const roleRef = action.do === 'patch' ? undefined : roleOf(action.object);
  if (roleRef === undefined) return [];
  const namespace =
    roleRef.kind === 'Role' && ref.namespace !== undefined ? { namespace: ref.namespace } : {};
  return [
    { ...rule('bind', { apiVersion: ref.apiVersion, kind: roleRef.kind, ...namespace }), name: roleRef.name },
  ];
}

function roleOf(binding: ClusterObject): { kind: string; name: string } | undefined {
  const { roleRef } = binding;
  return isObject(roleRef) ? { kind: String(roleRef.kind), name: String(roleRef.name) } : undefined;
}

function rulesOf(action: ClusterAction): readonly Rule[] {
  switch (action.do) {
    case 'create':
      return [rule('create', refOf(action.object))];
    case 'patch':
      return [{ ...rule('patch', action.ref), name: action.ref.name }];
    case 'delete':
      return [{ ...rule('delete', action.ref), name: action.ref.name }];
    case 'apply': {
      const ref = refOf(action.object);
      return [{ ...rule('patch', ref), name: ref.name }, rule('create', ref)];
    }
    case 'issue-token':
      return [
        {
          group: '',
          resource: 'serviceaccounts/token',
          verb: 'create',
          namespace: action.account.namespace,
          name: action.account.name,
        },
        {
          group: '',
          resource: 'secrets',
          verb: 'patch',
          namespace: action.into.namespace,
          name: action.into.secret,
        },
      ];
  }
}

/** What taking an action back takes, as far as it is not what the action itself takes. */
function undoRules(action: ClusterAction): readonly Rule[] {
  const ref = action.do === 'issue-token' ? undefined : objectOf(action);
  if (ref === undefined || action.do === 'patch') return [];
  return action.do === 'delete' ? [rule('create', ref)] : [{ ...rule('delete', ref), name: ref.name }];
}

function rule(verb: string, ref: Omit<ObjectRef, 'name'>): Rule {
  const base = { group: groupOf(ref.apiVersion), resource: guessPlural(ref.kind), verb };
  return ref.namespace === undefined ? base : { ...base, namespace: ref.namespace };
}

async function allowed(
  connection: Connection<'cluster'>,
  grant: Grant,
  signal: AbortSignal,
): Promise<boolean> {
  const [resource = '', subresource] = grant.resource.split('/');
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: {
      resourceAttributes: {
        group: grant.group,
        resource,
        verb: grant.verb,
        ...(subresource === undefined ? {} : { subresource }),
        ...(grant.namespace === undefined ? {} : { namespace: grant.namespace }),
        ...(grant.name === undefined ? {} : { name: grant.name }),
      },
    },
  };
  const answer = (await connection.read({ read: 'review', review }, { signal })) as ClusterObject;
  return isObject(answer.status) && answer.status.allowed === true;
}

/** Each grant once, in the order first met. */
export function unique(grants: readonly Grant[]): readonly Grant[] {
  return [...new Map(grants.map((grant) => [JSON.stringify(grant), grant])).values()];
}
