import { type Action, type ClusterRead, type HostRead, isObject } from '@claw-run/core';
import { bindRules, type Grant, grantsOfActions, grantsOfRead, lasting, unique } from './grant.ts';
import type { NeededRights, OpenPart } from './needed-rights.ts';
import { isClusterAction, objectOf, sameObject } from './predict.ts';
import { isOfHost } from './read-grants.ts';
import type { Session } from './session.ts';
import { refusedSudo, type SudoGrant } from './sudo-grant.ts';
import { type PossibleActions, rulesWritten } from './what-if.ts';

/** A read of a target. */
export interface TargetRead {
  readonly target: string;
  readonly read: ClusterRead | HostRead;
}

/** What a step may do on its target. */
export interface Act extends PossibleActions {
  readonly id: string;
  readonly part: OpenPart['part'];
  readonly target: string;
  /** Whether it can be taken back. */
  readonly reversible: boolean;
  /** The names that it was given or reads by, as a text. */
  readonly named: string;
}

interface Reads {
  readonly diagnosis: readonly TargetRead[];
  readonly all: readonly TargetRead[];
}

/** What reads and actions take of rights. */
export async function sumRights(
  session: Session,
  acts: readonly Act[],
  reads: Reads,
): Promise<Omit<NeededRights, 'open'>> {
  const handedOn = unique(acts.flatMap(rulesHandedOn));
  const changing = [...new Set(acts.map(({ target }) => target))].filter(
    (target) => session.connections[target]?.kind === 'cluster',
  );
  const all = [...grantsOfReads(reads.all), ...acts.flatMap(grantsOfActs), ...changing.map(askingForOwn)];
  return {
    diagnosis: grantsOfReads(reads.diagnosis),
    run: unique([...all.map((grant) => lasting(grant, session.run)), ...handedOn]),
    handedOn,
    sudo: await sudoOf(session, acts, reads.all),
    programs: programsOf(session, acts, reads.all),
  };
}

/** What is asked for by a guess at a second stage may lack its name. */
function grantsOfReads(some: readonly TargetRead[]): readonly Grant[] {
  return unique(
    some.flatMap(({ target, read }) =>
      isOfHost(read) ? [] : grantsOfRead(target, read).filter(({ name }) => name !== ''),
    ),
  );
}

function grantsOfActs({ target, named, sure, madeUp, reversible }: Act): readonly Grant[] {
  const actions = [...sure, ...madeUp];
  const loose = passingNames(actions, named);
  const plain = grantsOfActions(target, actions, reversible ? actions : []).map((grant) => {
    if (grant.name === undefined || !loose.has(grant.name)) return grant;
    const { name: _, ...any } = grant;
    return any;
  });
  const binding = sure.filter(isClusterAction).flatMap(bindRules);
  return [...plain, ...binding.map((one) => ({ target, ...one }))];
}

/** Names of objects that a step only found in a list: they will be others by the time that it runs. */
function passingNames(actions: readonly Action[], named: string): ReadonlySet<string> {
  const changes = actions.filter(isClusterAction);
  const made = changes.filter((action) => action.do !== 'delete' && action.do !== 'patch').map(objectOf);
  return new Set(
    changes
      .map(objectOf)
      .filter((ref) => !named.includes(JSON.stringify(ref.name)) && !made.some((one) => sameObject(one, ref)))
      .map(({ name }) => name),
  );
}

/** RBAC wants whoever writes a role to hold what it gives, on which `escalate` would be far more. */
function rulesHandedOn({ target, sure }: Act): readonly Grant[] {
  return sure.filter(isClusterAction).flatMap((action) => {
    const { namespace } = objectOf(action);
    const where = namespace === undefined ? {} : { namespace };
    return rulesWritten(action).flatMap((rule) =>
      rightsOfRule(rule).map((one) => ({ target, ...one, ...where })),
    );
  });
}

function rightsOfRule(rule: unknown): readonly Omit<Grant, 'target'>[] {
  if (!isObject(rule)) return [];
  const texts = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
  const names = texts(rule.resourceNames);
  return texts(rule.apiGroups).flatMap((group) =>
    texts(rule.resources).flatMap((resource) =>
      texts(rule.verbs).flatMap((verb) =>
        names.length === 0
          ? [{ group, resource, verb }]
          : names.map((name) => ({ group, resource, verb, name })),
      ),
    ),
  );
}

/** Before the first change it is asked whether every right is there. */
function askingForOwn(target: string): Grant {
  return { target, group: 'authorization.k8s.io', resource: 'selfsubjectaccessreviews', verb: 'create' };
}

async function sudoOf(
  session: Session,
  acts: readonly Act[],
  reads: readonly TargetRead[],
): Promise<readonly SudoGrant[]> {
  const hosts = Object.entries(session.connections).filter(([, { kind }]) => kind === 'host');
  const refused = await Promise.all(
    hosts.map(([target, connection]) => {
      const wanted = reads.flatMap((one) => (one.target === target && isOfHost(one.read) ? [one.read] : []));
      const actions = acts.flatMap((act) => (act.target === target ? act.sure : []));
      return refusedSudo(target, connection, [...wanted, ...actions], session.signal);
    }),
  );
  return refused.flat();
}

function programsOf(
  session: Session,
  acts: readonly Act[],
  reads: readonly TargetRead[],
): NeededRights['programs'] {
  const hosts = Object.entries(session.connections).filter(([, { kind }]) => kind === 'host');
  const ofTarget = (target: string) => [
    ...reads.flatMap((one) => (one.target === target && one.read.read === 'run' ? [one.read.argv[0]] : [])),
    ...acts.flatMap((act) =>
      act.target === target ? act.sure.flatMap((one) => (one.do === 'run' ? [one.argv[0]] : [])) : [],
    ),
  ];
  return Object.fromEntries(hosts.map(([target]) => [target, [...new Set(ofTarget(target))].sort()]));
}
