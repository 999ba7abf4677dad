import { createHash } from 'node:crypto';

/** What a run of tests takes of a product that is too large for every run. */
export interface Sampling {
  /** Runs with consecutive seeds take different parts, and in the end all of it. */
  readonly seed: number;
  /** Nothing is left out. */
  readonly all: boolean;
}

/**
 * The sampling of this process: `CLAW_RUN_TEST_SEED` (an integer from 0 on; 0 where absent) and `CLAW_RUN_TEST_ALL` (`1`).
 * @throws Error where the seed is no such integer
 */
export function samplingOf(env: NodeJS.ProcessEnv = process.env): Sampling {
  const text = env.CLAW_RUN_TEST_SEED || '0';
  if (!/^\d{1,9}$/.test(text))
    throw new Error(`CLAW_RUN_TEST_SEED is ${JSON.stringify(text)}; give an integer from 0 to 999999999`);
  return { seed: Number(text), all: env.CLAW_RUN_TEST_ALL === '1' };
}

/**
 * `count` of the items, in their order; all of them where that is asked for or there are no more. `key` names the product: equal
 * keys and seeds give equal samples, and `items.length / count` consecutive seeds together give every item.
 */
export function sample<T>(
  items: readonly T[],
  count: number,
  { key, sampling = samplingOf() }: { readonly key: string; readonly sampling?: Sampling },
): readonly T[] {
  if (sampling.all || items.length <= count) return items;
  const shuffled = items
    .map((_, index) => ({ index, at: createHash('sha256').update(`${key}\n${index}`).digest('hex') }))
    .sort((one, other) => (one.at < other.at ? -1 : 1));
  const first = (sampling.seed * count) % items.length;
  const taken = new Set(
    Array.from({ length: count }, (_, offset) => shuffled[(first + offset) % items.length]?.index),
  );
  return items.filter((_, index) => taken.has(index));
}
