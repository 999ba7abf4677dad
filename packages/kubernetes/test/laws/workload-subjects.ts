import type { Subject, WriteStatus } from '@claw-run/testing';
import fc from 'fast-check';
import {
  deletePods,
  logsMatch,
  namespacesAligned,
  podsReady,
  restartWorkload,
  rolloutComplete,
  workload,
  workloadSettings,
} from '../../src/index.ts';
import { configMap, deployment, home, pod } from './given.ts';
import { rollingOut } from './rollouts.ts';

const target = { deployment: 'worker', namespace: home };
const use = { definition: workload, with: { ...target } };
const fieldRef = { valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } };
const label = 'spec.template.metadata.labels["example.org/team"]';

const env = fc.dictionary(fc.constantFrom('A', 'B', 'C'), fc.constantFrom('', '1', '2'), { maxKeys: 3 });
const stored = fc.record({
  account: fc.constantFrom(undefined, 'a', 'b'),
  env,
  sourced: fc.boolean(),
});

export function workloadSubjects(writeStatus: WriteStatus): readonly Subject[] {
  return [
    {
      ...use,
      title: 'another account and other variables',
      with: {
        ...target,
        'service-account': 'b',
        env: { A: '2', B: null, D: 'new' },
        set: [
          { path: 'spec.template.spec.containers[name=worker].image', value: 'worker:2' },
          { path: label, value: 'x' },
        ],
      },
      given: [
        deployment(
          { serviceAccountName: 'a' },
          {
            env: [
              { name: 'B', value: '1' },
              { name: 'A', ...fieldRef },
              { name: 'C', value: '3' },
            ],
          },
        ),
      ],
    },
    {
      ...use,
      title: 'nothing set yet',
      with: { ...target, 'service-account': 'b', env: { A: '1' }, set: [{ path: label, value: 'x' }] },
      given: [deployment()],
      inputs: fc
        .record({
          account: fc.constantFrom(undefined, 'a', 'b', 'default'),
          env: fc.dictionary(fc.constantFrom('A', 'B'), fc.constantFrom('', '1', null), { maxKeys: 2 }),
          label: fc.constantFrom(undefined, 'x', null),
        })
        .map((it) => ({
          ...target,
          env: it.env,
          ...(it.account === undefined ? {} : { 'service-account': it.account }),
          ...(it.label === undefined ? {} : { set: [{ path: label, value: it.label }] }),
        })),
      givens: stored.map((it) => {
        const set = Object.entries(it.env).map(([name, value]) =>
          value === '' ? { name } : { name, value },
        );
        const all = it.sourced
          ? [...set.filter(({ name }) => name !== 'B'), { name: 'B', ...fieldRef }]
          : set;
        return [
          deployment(
            it.account === undefined ? {} : { serviceAccountName: it.account },
            all.length === 0 ? {} : { env: all },
          ),
        ];
      }),
    },
    { ...use, title: 'no workload', with: { ...target, env: { A: '1' } }, plans: 'refused' },
    {
      definition: restartWorkload,
      title: 'a Deployment',
      with: target,
      given: [deployment()],
      before: rollingOut(deployment(), writeStatus),
    },
    { definition: restartWorkload, title: 'no Deployment', with: target, plans: 'refused' },
    {
      definition: deletePods,
      title: 'two pods of nobody',
      with: { namespace: home, selector: 'app=worker', orphans: true },
      given: [pod('worker-1'), pod('worker-2')],
    },
    {
      definition: deletePods,
      title: 'pods that nobody would make again',
      with: { namespace: home, selector: 'app=worker' },
      given: [pod('worker-1')],
      plans: 'refused',
    },
    {
      definition: podsReady,
      title: 'a pod that waits',
      with: { namespace: home, selector: 'app=worker' },
      given: [pod('worker-1')],
      finds: 'fail',
    },
    {
      definition: podsReady,
      title: 'a pod that is ready',
      with: { namespace: home, selector: 'app=worker' },
      given: [pod('worker-1')],
      before: async () => {
        const conditions = [{ type: 'Ready', status: 'True' }];
        await writeStatus(pod('worker-1'), { phase: 'Running', conditions });
        return undefined;
      },
      finds: 'pass',
    },
    {
      definition: logsMatch,
      title: 'no pods',
      with: { namespace: home, selector: 'app=worker', contains: ['registered'] },
    },
    { definition: workloadSettings, title: 'a Deployment', with: target, given: [deployment()] },
    {
      definition: rolloutComplete,
      title: 'a Deployment without a controller',
      with: target,
      given: [deployment()],
      finds: 'fail',
    },
    { definition: workloadSettings, title: 'no Deployment', with: target },
    {
      definition: namespacesAligned,
      title: 'a variable that names another namespace',
      with: { ...target, env: ['CLAW_NAMESPACE'], config: [] },
      given: [
        deployment({}, { env: [{ name: 'CLAW_NAMESPACE', value: 'elsewhere' }] }),
        configMap('settings', {}),
      ],
      finds: 'fail',
    },
  ];
}
