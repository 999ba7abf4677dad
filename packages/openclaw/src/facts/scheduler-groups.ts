import type { Fact } from '@claw-run/core';
import { clientFact, type Told } from './client.ts';

export type CachedGroups = { readonly groups: readonly string[]; readonly ttlSeconds: number };

/**
 * The groups of a user as the scheduler has cached them, asked for as that user: the user's own token gives them, whatever groups it is in. When they were
 * cached is left out: where nothing is kept, each look is a new one.
 */
export function schedulerGroups(user: string): Fact<'host', Told<CachedGroups>> {
  return clientFact(user, ['groups', user], ({ groups, ttlSeconds }) => ({
    groups: Array.isArray(groups) ? groups.map(String) : [],
    ttlSeconds: typeof ttlSeconds === 'number' ? ttlSeconds : 0,
  }));
}
