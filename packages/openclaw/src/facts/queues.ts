import { type Fact, isObject } from '@claw-run/core';
import { clientFact, type Told } from './client.ts';

export type Queue = {
  readonly name: string;
  readonly used: number;
  readonly slots: number;
  /** Whether the user may submit to it; a scheduler that does not say lets everybody. */
  readonly allowed: boolean;
  /** Who holds its slots, most first; empty where the scheduler does not say. */
  readonly holders: readonly { readonly user: string; readonly slots: number; readonly jobs: number }[];
};

/** The queues of the scheduler as a user is told of them. */
export function queuesOf(user: string): Fact<'host', Told<{ readonly list: readonly Queue[] }>> {
  return clientFact(user, ['queues'], ({ queues }) => ({
    list: (Array.isArray(queues) ? queues : []).filter(isObject).map((one) => ({
      name: String(one.name),
      used: Number(one.used),
      slots: Number(one.slots),
      allowed: one.allowed !== false,
      holders: (Array.isArray(one.holders) ? one.holders : [])
        .filter(isObject)
        .map((each) => ({ user: String(each.user), slots: Number(each.slots), jobs: Number(each.jobs) })),
    })),
  }));
}

/** `4 of 4 slots are used: bob holds 4 (1 job)` */
export function fillOf({ used, slots, holders }: Queue): string {
  const held = holders.map(
    (one) => `${one.user} holds ${one.slots} (${one.jobs} job${one.jobs === 1 ? '' : 's'})`,
  );
  return `${used} of ${slots} slots are used${held.length === 0 ? '' : `: ${held.join(', ')}`}`;
}
