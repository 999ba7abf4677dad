import { randomUUID } from 'node:crypto';
import {
  type Action,
  ClawError,
  type Connection,
  type Definition,
  type HostAction,
  type HostRead,
  type Occasion,
  Secret,
} from '@claw-run/core';
import type { HostileUse } from './hostile-inputs.ts';

type Observation = { readonly [fact: string]: unknown };

/** What a host was asked for, and what it said. */
export interface Heard {
  readonly wanted: HostRead | HostAction;
  readonly said: unknown;
}

/** Looks, plans, acts and takes back, as a run would; what is refused on the way is in what was heard. */
export async function tryUse(
  connection: Connection<'host'>,
  use: HostileUse,
  acts: boolean,
): Promise<readonly Heard[]> {
  const heard: Heard[] = [];
  const note = async (wanted: HostRead | HostAction, doing: Promise<unknown>): Promise<unknown> => {
    try {
      const said = await doing;
      heard.push({ wanted, said });
      return said;
    } catch (error) {
      if (!(error instanceof ClawError)) throw error;
      heard.push({ wanted, said: `${error.message} ${error.hint ?? ''}` });
      throw new Refused();
    }
  };
  const signal = () => ({ signal: AbortSignal.timeout(60_000) });
  const read = (wanted: HostRead) => note(wanted, connection.read(wanted, signal()));
  const perform = async (actions: readonly Action[]) => {
    for (const action of actions as readonly HostAction[])
      await note(action, connection.perform(action, { key: 'hostile/use/0', ...signal() })).catch(
        onlyRefused,
      );
  };
  const occasion: Occasion = {
    run: `hostile-${randomUUID()}`,
    startedAt: new Date().toISOString(),
    changed: [],
  };
  try {
    const seen = await observed(use, read);
    if (acts) await actedAndTakenBack(use, { seen, occasion, perform, look: () => observed(use, read) });
  } catch (error) {
    onlyRefused(error);
  }
  return heard;
}

/** A look or an action that was refused, or a fact that could not be told. */
class Refused extends Error {}

function onlyRefused(error: unknown): void {
  if (!(error instanceof Refused)) throw error;
}

async function observed(
  { definition, input }: HostileUse,
  read: (wanted: HostRead) => Promise<unknown>,
): Promise<Observation> {
  const all = async (facts: ReturnType<Definition['facts']>) => {
    const raws = await Promise.all(
      Object.entries(facts).map(
        async ([name, fact]) => [name, fact, await read(fact.read as HostRead)] as const,
      ),
    );
    return Object.fromEntries(raws.map(([name, fact, raw]) => [name, told(() => fact.parse(raw as never))]));
  };
  const seen = (await all(definition.facts(input))) as Observation;
  return definition.moreFacts === undefined
    ? seen
    : { ...seen, ...((await all(definition.moreFacts(input, seen))) as Observation) };
}

/** A fact may say that it cannot be read. */
function told<T>(parse: () => T): T {
  try {
    return parse();
  } catch {
    throw new Refused();
  }
}

interface Acting {
  readonly seen: Observation;
  readonly occasion: Occasion;
  readonly perform: (actions: readonly Action[]) => Promise<void>;
  readonly look: () => Promise<Observation>;
}

async function actedAndTakenBack(
  { definition, input }: HostileUse,
  { seen, occasion, perform, look }: Acting,
): Promise<void> {
  if (definition.type === 'state') {
    const wanted = definition.desire(input, seen);
    if ('refused' in wanted) return;
    const to = { ...seen, ...wanted } as Observation;
    await perform(definition.actions(seen, to, input));
    await perform(definition.actions(to, seen, input));
  } else if (definition.type === 'event') {
    await perform(definition.actions(input, seen, occasion));
    if (typeof definition.undo === 'function') {
      const now = await look();
      const actions = definition.undo(input, seen, now);
      if (Array.isArray(actions)) await perform(actions as readonly Action[]);
    }
  }
}

/** Everything that was heard, secrets included, as one text. */
export function textOf(heard: unknown): string {
  return JSON.stringify(heard, (_key, value) => (value instanceof Secret ? value.reveal() : value)) ?? '';
}
