import type { Subject } from '@claw-run/testing';
import fc from 'fast-check';
import { quota, quotaFree, serviceEndpoints, serviceSelector, trafficAllowed } from '../../src/index.ts';
import { home, object } from './given.ts';

const service = (selector: Record<string, string>) =>
  object(['v1', 'Service', 'api'], {
    // without an address of its own, which would be another each time
    spec: { selector, clusterIP: 'None', ports: [{ port: 443 }] },
  });
const tasks = (hard: Record<string, string>) => object(['v1', 'ResourceQuota', 'tasks'], { spec: { hard } });
const selector = fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('a', 'b'), {
  minKeys: 1,
  maxKeys: 2,
});
const select = { service: 'api', namespace: home };
const raise = { name: 'tasks', namespace: home, resource: 'count/tasks.openclaw.io' };
const way = {
  from: { namespace: home, labels: { app: 'a' } },
  to: { namespace: 'default', labels: { app: 'b' } },
};

export const networkSubjects: readonly Subject[] = [
  {
    definition: serviceSelector,
    title: 'another selector',
    with: { ...select, selector: { app: 'b' } },
    given: [service({ app: 'a', tier: 'a' })],
    inputs: selector.map((it) => ({ ...select, selector: it })),
    givens: selector.map((it) => [service(it)]),
  },
  {
    definition: serviceSelector,
    title: 'a selector that is as it should be',
    with: { ...select, selector: { app: 'a' } },
    given: [service({ app: 'a' })],
    plans: 'settled',
  },
  { definition: serviceEndpoints, title: 'no such Service', with: select, finds: 'fail' },
  {
    definition: serviceEndpoints,
    title: 'nothing behind it',
    with: select,
    given: [service({ app: 'nobody' })],
    finds: 'fail',
  },
  {
    definition: quota,
    title: 'a larger amount',
    with: { ...raise, hard: 9 },
    given: [tasks({ 'count/tasks.openclaw.io': '3', pods: '5' })],
  },
  {
    definition: quota,
    title: 'the amount that is there',
    with: { ...raise, hard: 3 },
    given: [tasks({ 'count/tasks.openclaw.io': '3' })],
    plans: 'settled',
  },
  {
    definition: quotaFree,
    title: 'no quota',
    with: { namespace: home, resource: 'pods' },
    finds: 'pass',
  },
  {
    definition: trafficAllowed,
    title: 'a policy that lets nothing out',
    with: way,
    given: [
      object(['networking.k8s.io/v1', 'NetworkPolicy', 'closed'], {
        spec: { podSelector: {}, policyTypes: ['Egress'] },
      }),
    ],
    finds: 'fail',
  },
  { definition: trafficAllowed, title: 'no policy', with: way, finds: 'pass' },
];
