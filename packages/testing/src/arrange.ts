import {
  type ClusterObject,
  type Connection,
  type Fact,
  nameOf,
  type ObjectRef,
  problemOf,
  refOf,
  type TargetKind,
} from '@claw-run/core';
import { observe } from './observe.ts';
import type { Cleanup, Subject } from './subject.ts';
import { until } from './until.ts';

type Given = NonNullable<Subject['given']>;
type AnyFact = Fact<TargetKind, unknown>;

/** Makes the world of a subject anew: what it reads is taken away, what is given is put there. */
export async function arrange(
  connection: Connection,
  subject: Pick<Subject, 'definition' | 'with' | 'before'>,
  given: Given,
): Promise<Cleanup> {
  const { definition } = subject;
  const input = definition.input.parse(subject.with);
  const first = Object.values(definition.facts(input));
  const homes = homesOf(first, given);
  await clear(connection, first, { given, spared: homes });
  if (connection.kind === 'cluster') {
    for (const home of homes) await provide(connection, home);
    for (const object of given) await create(connection, object);
  }
  const { facts } = await observe(connection, definition, subject.with);
  const second = Object.values(facts).filter((fact) => !first.some(({ key }) => key === fact.key));
  await clear(connection, second, { given: [], spared: [...homes, ...given.map(refOf)] });
  return (await subject.before?.(connection)) ?? undefined;
}

/** Takes away whatever the facts read, and what is given, of earlier trials. */
async function clear(
  connection: Connection,
  facts: readonly AnyFact[],
  { given, spared }: { readonly given: Given; readonly spared: readonly ObjectRef[] },
): Promise<void> {
  const read = (await Promise.all(facts.map((fact) => objectsOf(connection, fact)))).flat();
  const kept = new Set(spared.map(nameOf));
  const refs = [...read, ...given.map(refOf)].filter((ref) => !kept.has(nameOf(ref)));
  const unique = [...new Map(refs.map((ref) => [nameOf(ref), ref])).values()];
  await Promise.all(unique.map((ref) => remove(connection, ref)));
  for (const { read: each } of facts) {
    if (each.read === 'file') await perform(connection, { do: 'remove', path: each.path });
  }
}

async function objectsOf(connection: Connection, { read }: AnyFact): Promise<readonly ObjectRef[]> {
  if (read.read === 'get') return [read.ref];
  if (read.read !== 'list' || read.namespace === undefined) return [];
  const { signal } = new AbortController();
  const items = (await connection.read(read, { signal })) as readonly ClusterObject[];
  return items.map(refOf);
}

async function remove(connection: Connection, ref: ObjectRef): Promise<void> {
  if ((await get(connection, ref)) === null) return;
  await perform(connection, { do: 'delete', ref, propagation: 'Background' });
  await until(`${nameOf(ref)} is gone`, async () => (await get(connection, ref)) === null);
}

/** The namespaces of what is read and given: they have to be there, whatever else is not. */
function homesOf(facts: readonly AnyFact[], given: Given): readonly ObjectRef[] {
  const names = [
    ...facts.map(({ read }) =>
      read.read === 'get' ? read.ref.namespace : read.read === 'list' ? read.namespace : undefined,
    ),
    ...given.map(({ metadata }) => metadata.namespace),
  ];
  return [...new Set(names)].flatMap((name) =>
    name === undefined ? [] : [{ apiVersion: 'v1', kind: 'Namespace', name }],
  );
}

async function provide(connection: Connection, { apiVersion, kind, name }: ObjectRef): Promise<void> {
  const object = { apiVersion, kind, metadata: { name } };
  if ((await get(connection, refOf(object))) === null) await create(connection, object);
}

/** What a controller has made in the same moment is good enough. */
async function create(connection: Connection, object: ClusterObject): Promise<void> {
  try {
    await perform(connection, { do: 'create', object });
  } catch (error) {
    if (problemOf(error).code !== 'conflict' || object.kind !== 'Namespace') throw error;
  }
}

async function perform(connection: Connection, action: Parameters<Connection['perform']>[0]): Promise<void> {
  await connection.perform(action, { key: 'arrange', signal: new AbortController().signal });
}

async function get(connection: Connection, ref: ObjectRef): Promise<unknown> {
  return connection.read({ read: 'get', ref }, { signal: new AbortController().signal });
}
