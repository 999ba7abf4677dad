import { defineCheck, fail, listFact, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { namespace } from '../inputs.ts';
import { listed, mapAt } from '../lib/json-at.ts';

export const quotaFree = defineCheck({
  id: 'kubernetes.quota-free',
  on: 'cluster',
  summary: 'The quotas of a namespace leave room for more of a resource',
  description:
    'Of each ResourceQuota that limits the resource, what is used (by its status) is held against what is allowed. https://kubernetes.io/docs/concepts/policy/resource-quotas/',
  input: z.strictObject({
    namespace,
    resource: z.string().min(1).describe('As a quota names it: pods, requests.cpu, count/tasks.openclaw.io'),
    'at-least': z.number().positive().default(1).describe('How much must be free'),
  }),
  examples: [
    { title: 'A task more', with: { namespace: 'production', resource: 'count/tasks.openclaw.io' } },
  ],
  facts: ({ namespace: where, resource }) => ({
    quotas: listFact({
      key: `quotas of ${resource} in ${where}`,
      list: { apiVersion: 'v1', kind: 'ResourceQuota', namespace: where },
      parse: (items) =>
        items
          .map((quota) => ({
            name: quota.metadata.name,
            hard: String(mapAt(quota, 'spec', 'hard')[resource] ?? ''),
            used: String(mapAt(quota, 'status', 'used')[resource] ?? ''),
          }))
          .filter(({ hard }) => hard !== '')
          .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    }),
  }),
  expect: (input, { quotas }) => {
    const where = `${input.resource} in ${input.namespace}`;
    if (quotas.length === 0) return pass(`no quota limits ${where}`);
    const evidence = quotas.map((one) => ({ ...one }));
    const untold = quotas.filter(
      ({ hard, used }) => amount(hard) === undefined || amount(used) === undefined,
    );
    const full = quotas.filter(
      ({ hard, used }) => (amount(hard) ?? Number.NaN) - (amount(used) ?? Number.NaN) < input['at-least'],
    );
    const say = (some: typeof quotas) =>
      listed(some.map(({ name, hard, used }) => `${name} (${used || '?'} of ${hard} used)`));
    if (full.length > 0) return fail(`quota ${say(full)} leaves no room for ${where}`, evidence);
    return untold.length > 0
      ? unknown(`quota ${say(untold)} does not say how much of ${where} is used`, evidence)
      : pass(`quota ${say(quotas)} has room for ${where}`, evidence);
  },
});

const units: { readonly [suffix: string]: number } = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A quantity of Kubernetes as a number; undefined where it is none of the usual ones. */
function amount(text: string): number | undefined {
  const [, digits, suffix = ''] = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(text) ?? [];
  const unit = units[suffix];
  return digits === undefined || unit === undefined ? undefined : Number(digits) * unit;
}
