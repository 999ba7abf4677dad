import { type ClusterObject, type Connection, isObject, readKey, refOf } from '@claw-run/core';
import type { Observed } from './observe.ts';
import type { Subject } from './subject.ts';

/** What the reads of a subject give, by read: the world as far as it concerns the subject. */
export type Snapshot = { readonly [read: string]: unknown };

/** Reads that give what the target keeps; the others give what it makes of it. */
const stored: readonly string[] = ['get', 'list', 'file', 'run'];

/** Reads everything that a subject's facts and its world are made of, exactly as the target gives it. */
export async function snapshot(
  connection: Connection,
  facts: Observed['facts'],
  given: NonNullable<Subject['given']>,
): Promise<Snapshot> {
  const { signal } = new AbortController();
  const reads = Object.values(facts).flatMap(({ read }) => (stored.includes(read.read) ? [read] : []));
  const all = [...reads, ...given.map((object) => ({ read: 'get', ref: refOf(object) }) as const)];
  const unique = [...new Map(all.map((read) => [readKey(read), read]))];
  const entries = unique.map(async ([key, read]) => [key, await connection.read(read, { signal })] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/**
 * A snapshot without what the server alone decides: resourceVersion, generation, managedFields, timestamps, status, and,
 * where objects were made anew, their uid.
 */
export function essence(of: Snapshot, options: { readonly recreated: boolean }): Snapshot {
  return Object.fromEntries(
    Object.entries(of).map(([read, raw]) => [
      read,
      Array.isArray(raw) ? raw.map((item) => bare(item, options.recreated)) : bare(raw, options.recreated),
    ]),
  );
}

const ofServer = [
  'resourceVersion',
  'generation',
  'managedFields',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
];

function bare(raw: unknown, recreated: boolean): unknown {
  if (!isObject(raw) || !isObject(raw.metadata)) return raw;
  const { status: _, ...object } = raw as ClusterObject;
  const dropped = recreated ? [...ofServer, 'uid'] : ofServer;
  const metadata = Object.fromEntries(
    Object.entries(object.metadata).filter(([key]) => !dropped.includes(key)),
  );
  return { ...object, metadata };
}
