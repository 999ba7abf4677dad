import type { ClusterObject } from '@claw-run/core';
import type { Subject, WriteStatus } from '@claw-run/testing';
import {
  identitiesDistinct,
  jobCompleted,
  namespaceOpen,
  securityPolicy,
  testJob,
  workerConfig,
  workersReady,
} from '../../src/index.ts';
import { completing } from './jobs.ts';

const namespace = 'laws';
const config = (name: string, key: string, text: string): ClusterObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data: { [key]: text },
});
const workers: ClusterObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'openclaw-worker', namespace },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'worker' } },
    template: {
      metadata: { labels: { app: 'worker' } },
      spec: { containers: [{ name: 'worker', image: 'worker:1' }] },
    },
  },
};
const fixed = 'worker: { identity_generation: static, identity: worker-1 }\n';
const policy = 'workers: { identity_patterns: ["^worker-[a-z]{4}$"], allowed_namespaces: [laws] }\n';
const distinct = { definition: identitiesDistinct, with: { deployment: 'openclaw-worker', namespace } };

/** What works on a cluster that serves jobs. */
export function clusterSubjects(writeStatus: WriteStatus): readonly Subject[] {
  return [
    {
      definition: testJob,
      title: 'workers that work',
      with: { namespace },
      before: completing(namespace, writeStatus),
    },
    {
      ...distinct,
      title: 'workers that share an identity',
      given: [workers, config('worker-config', 'worker-config.yaml', fixed)],
      finds: 'fail',
    },
    { ...distinct, title: 'no workers', finds: 'unknown' },
    {
      definition: securityPolicy,
      title: 'a policy',
      with: { name: 'policy', namespace },
      given: [config('policy', 'policy.yaml', policy)],
    },
    {
      definition: namespaceOpen,
      title: 'a policy that blocks the namespace',
      with: { namespace, 'policy-namespace': namespace },
      given: [config('openclaw-security-policy', 'policy.yaml', 'workers: { blocked_namespaces: [laws] }\n')],
      finds: 'fail',
    },
    { definition: namespaceOpen, title: 'no policy', with: { namespace }, finds: 'unknown' },
    { definition: securityPolicy, title: 'no policy', with: { name: 'policy', namespace } },
    {
      definition: workerConfig,
      title: 'a configuration',
      with: { namespace },
      given: [config('worker-config', 'worker-config.yaml', fixed)],
    },
    {
      definition: workerConfig,
      title: 'a text that is not YAML',
      with: { namespace },
      given: [config('worker-config', 'worker-config.yaml', '{')],
    },
  ];
}

/** What asks the `openclaw` command of a host; `answers` makes the command say something. */
export function hostSubjects(answers: (text: string) => NonNullable<Subject['before']>): readonly Subject[] {
  const [ready, denied] = ['READY', 'DENIED'].map((status) =>
    JSON.stringify({ workers: [{ id: 'worker-1', status, pod: 'a', lastSeen: 'now' }] }),
  );
  const done = JSON.stringify({ jobs: [{ name: 'test-job', status: 'COMPLETED' }] });
  return [
    {
      definition: workersReady,
      title: 'a worker',
      with: { namespace },
      before: answers(ready ?? ''),
      finds: 'pass',
    },
    {
      definition: workersReady,
      title: 'a worker that is denied',
      with: { namespace },
      before: answers(denied ?? ''),
      finds: 'fail',
    },
    {
      definition: workersReady,
      title: 'an answer that is no JSON',
      with: { namespace },
      before: answers('oops'),
      finds: 'unknown',
    },
    {
      definition: jobCompleted,
      title: 'a completed job',
      with: { namespace },
      before: answers(done),
      finds: 'pass',
    },
    {
      definition: jobCompleted,
      title: 'another job',
      with: { namespace, name: 'other' },
      before: answers(done),
      finds: 'fail',
    },
  ];
}
