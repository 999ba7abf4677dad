import type { Connection, Definition, Fact, JsonObject, TargetKind } from '@claw-run/core';

/** The facts of a use and their values, read straight from the target. */
export interface Observed {
  readonly input: unknown;
  readonly facts: { readonly [name: string]: Fact<TargetKind, unknown> };
  readonly seen: { readonly [name: string]: unknown };
}

/** Reads both stages of facts. */
export async function observe(
  connection: Connection,
  definition: Definition,
  raw: JsonObject,
): Promise<Observed> {
  const input = definition.input.parse(raw);
  const facts = definition.facts(input);
  const seen = await readAll(connection, facts);
  if (definition.moreFacts === undefined) return { input, facts, seen };
  const more = definition.moreFacts(input, seen);
  return { input, facts: { ...facts, ...more }, seen: { ...seen, ...(await readAll(connection, more)) } };
}

async function readAll(connection: Connection, facts: Observed['facts']): Promise<Observed['seen']> {
  const { signal } = new AbortController();
  const entries = Object.entries(facts).map(async ([name, fact]) => {
    const raw = await connection.read(fact.read, { signal });
    return [name, fact.parse(raw as never)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
