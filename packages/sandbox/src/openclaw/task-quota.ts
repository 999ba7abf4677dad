import type { Context, ResourceQuota } from './context.ts';
import { resources } from './resources.ts';

/** The resource by which a namespace limits its tasks. */
const TASKS = 'count/tasks.openclaw.io';

/** How many tasks a namespace may have besides those that are there; what is used is noted in the quotas themselves. */
export async function taskRoom({ client, caches }: Context, namespace: string): Promise<number> {
  const quotas = caches.quotas
    .all()
    .filter(({ metadata, spec }) => metadata.namespace === namespace && spec.hard?.[TASKS] !== undefined);
  if (quotas.length === 0) return Number.POSITIVE_INFINITY;
  const used = (await client.list(resources.tasks, namespace)).items.length;
  for (const quota of quotas) {
    const { hard } = quota.spec;
    const isCurrent =
      quota.status?.used?.[TASKS] === `${used}` && quota.status.hard?.[TASKS] === hard?.[TASKS];
    if (isCurrent) continue;
    const status = { hard: { [TASKS]: hard?.[TASKS] }, used: { [TASKS]: `${used}` } };
    caches.quotas.put(await client.patch<ResourceQuota>(resources.quotas, quota, { status }, 'status'));
  }
  return Math.min(...quotas.map(({ spec }) => Number(spec.hard?.[TASKS]) - used));
}
