import {
  ClawError,
  type ClusterRead,
  type Definition,
  type Facts,
  type HostRead,
  type Use,
} from '@claw-run/core';
import { deniedGrants, type Grant, grantsOfRead, unique } from './grant.ts';
import { inputOf } from './look.ts';
import type { Session } from './session.ts';
import { refusedSudo, type SudoGrant } from './sudo-grant.ts';
import type { World } from './world.ts';

/** Rights that are missing, on clusters and on hosts. */
export interface MissingRights {
  readonly grants: readonly Grant[];
  readonly sudo: readonly SudoGrant[];
}

/**
 * The rights that are missing for all that a runbook reads, as far as its inputs are known already: of every part of it, whether it will be called for
 * or not, so that they can be asked for at once.
 */
export function missingReadGrants(session: Session): Promise<MissingRights> {
  const { lookups, causes, steps, verify } = session.runbook;
  const known = [...lookups, ...causes, ...steps, ...verify].flatMap((use) =>
    readsOf(session, use).map((read) => ({ target: use.on, read })),
  );
  const worlds = Object.keys(session.connections).map((target) => [target, session.world(target)] as const);
  return deniedOf(session, [...askedOf(worlds), ...known]);
}

/** The rights that are missing for the facts that were asked for. */
export function deniedReads(session: Session, worlds: Worlds): Promise<MissingRights> {
  return deniedOf(session, askedOf(worlds));
}

type Worlds = readonly (readonly [target: string, world: World])[];

interface TargetRead {
  readonly target: string;
  readonly read: ClusterRead | HostRead;
}

function askedOf(worlds: Worlds): readonly TargetRead[] {
  return worlds.flatMap(([target, world]) => world.asked().map(({ read }) => ({ target, read })));
}

async function deniedOf(session: Session, reads: readonly TargetRead[]): Promise<MissingRights> {
  const grants = reads.flatMap(({ target, read }) => (isOfHost(read) ? [] : grantsOfRead(target, read)));
  const byTarget = Map.groupBy(unique(grants), ({ target }) => target);
  const denied = await Promise.all(
    [...byTarget].map(([target, wanted]) =>
      deniedGrants(session.world(target).connection, wanted, session.signal),
    ),
  );
  const ofHosts = Map.groupBy(reads, ({ target }) => target);
  const refused = await Promise.all(
    [...ofHosts].map(([target, wanted]) =>
      refusedSudo(
        target,
        session.world(target).connection,
        wanted.flatMap(({ read }) => (isOfHost(read) ? [read] : [])),
        session.signal,
      ),
    ),
  );
  return { grants: denied.flat(), sudo: refused.flat() };
}

/** What a use reads, as far as its inputs are known: its second stage by what it would ask for if nothing were there. */
export function readsOf(session: Session, use: Use<Definition>): readonly (ClusterRead | HostRead)[] {
  try {
    const input = inputOf(use, session.scope());
    const facts = use.uses.facts(input);
    return [...Object.values(facts), ...Object.values(guessedMore(use.uses, input, facts))].map(
      ({ read }) => read,
    );
  } catch (error) {
    if (error instanceof ClawError) return [];
    throw error;
  }
}

/** The second stage of facts, if nothing were there; none where that is no case that it knows. */
function guessedMore({ moreFacts }: Definition, input: unknown, facts: Facts): Facts {
  try {
    return moreFacts?.(input, asAbsent(facts)) ?? {};
  } catch {
    return {};
  }
}

/** What a second stage of facts makes of nothing is a fair guess at what it will ask for. */
function asAbsent(facts: Facts): { readonly [fact: string]: unknown } {
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => [name, fact.parse(absent(fact.read) as never)]),
  );
}

/** What a read gives where nothing is. */
export function absent(read: ClusterRead | HostRead): unknown {
  switch (read.read) {
    case 'run':
      return { exit: 1, stdout: '', stderr: '' };
    case 'list':
      return [];
    case 'review':
      return { ...read.review, metadata: { name: '' }, status: {} };
    case 'dry-run':
      return { ok: false, status: 404, reason: 'NotFound', message: '' };
    default:
      return null;
  }
}

export function isOfHost(read: ClusterRead | HostRead): read is HostRead {
  return read.read === 'run' || read.read === 'file';
}
