import type { ClusterRead, Definition, Facts, HostRead } from '@claw-run/core';

export type Observation = { readonly [fact: string]: unknown };

/** How every command ends in a world where there is nothing. */
const exits = [0, 1, 127];

/**
 * What a step would see where there is nothing: no file, no object, and commands that print nothing. Without a target, so that its pure functions can be
 * tried anywhere. A world that its facts cannot be told from is left out.
 */
export function imaginedWorlds(definition: Definition, input: unknown): readonly Observation[] {
  const seen = exits.flatMap((exit) => {
    try {
      const first = observed(definition.facts(input), exit);
      return [{ ...first, ...observed(definition.moreFacts?.(input, first) ?? {}, exit) }];
    } catch {
      return [];
    }
  });
  return [...new Map(seen.map((one) => [JSON.stringify(one), one])).values()];
}

function observed(facts: Facts, exit: number): Observation {
  return Object.fromEntries(
    Object.entries(facts).map(([name, { read, parse }]) => [name, parse(nothing(read, exit) as never)]),
  );
}

function nothing(read: HostRead | ClusterRead, exit: number): unknown {
  switch (read.read) {
    case 'run':
      return { exit, stdout: '', stderr: '' };
    case 'list':
      return [];
    case 'review':
      return { ...read.review, status: { allowed: false } };
    case 'dry-run':
      return { ok: false, status: 404, reason: 'NotFound', message: 'there is no such namespace' };
    default:
      return null;
  }
}
