import { expect, test } from 'vitest';
import { deploymentStatus } from '../../src/openclaw/deployment-status.ts';
import { currentSet, nextScales } from '../../src/openclaw/rollout.ts';
import type { Deployment, ReplicaSet } from '../../src/openclaw/workloads.ts';

const template = (image: string) => ({ spec: { containers: [{ name: 'worker', image }] } });

const deployment = (changes: Partial<Deployment['spec']> = {}): Deployment => ({
  metadata: { name: 'web', generation: 2 },
  spec: { replicas: 3, selector: {}, template: template('new'), ...changes },
});

const set = (image: string, replicas: number, available: number): ReplicaSet => ({
  metadata: { name: image },
  spec: { replicas, selector: {}, template: template(image) },
  status: { replicas, readyReplicas: available, availableReplicas: available },
});

const scales = (wanted: Deployment, current: ReplicaSet, ...old: ReplicaSet[]) =>
  nextScales(wanted, current, old).map(({ set: { metadata }, replicas }) => `${metadata.name}=${replicas}`);

test('a first revision gets all its pods at once', () => {
  expect(scales(deployment(), set('new', 0, 0))).toEqual(['new=3']);
});

test('a rolling update goes one pod at a time and keeps all that are available', () => {
  expect(scales(deployment(), set('new', 0, 0), set('old', 3, 3))).toEqual(['new=1']);
  expect(scales(deployment(), set('new', 1, 0), set('old', 3, 3))).toEqual([]);
  expect(scales(deployment(), set('new', 1, 1), set('old', 3, 3))).toEqual(['old=2']);
  expect(scales(deployment(), set('new', 1, 1), set('old', 2, 2))).toEqual(['new=2']);
  expect(scales(deployment(), set('new', 3, 3), set('old', 1, 1))).toEqual(['old=0']);
  expect(scales(deployment(), set('new', 3, 3), set('old', 0, 0))).toEqual([]);
});

test('pods that were never ready make room first', () => {
  expect(scales(deployment(), set('new', 1, 1), set('bad', 3, 0))).toEqual(['bad=2']);
  expect(scales(deployment(), set('new', 1, 1), set('old', 2, 2), set('bad', 1, 0))).toEqual(['bad=0']);
});

test('Recreate ends the old pods before it makes new ones', () => {
  const recreate = deployment({ strategy: { type: 'Recreate' } });
  expect(scales(recreate, set('new', 0, 0), set('old', 3, 3))).toEqual(['old=0']);
  const ending = { ...set('old', 0, 0), status: { replicas: 1 } };
  expect(scales(recreate, set('new', 0, 0), ending)).toEqual([]);
  expect(scales(recreate, set('new', 0, 0), set('old', 0, 0))).toEqual(['new=3']);
});

test('the current revision is found by its template, whatever its hash label', () => {
  const labelled = { ...template('new'), metadata: { labels: { 'pod-template-hash': 'abc' } } };
  const own = { ...set('new', 1, 1), spec: { ...set('new', 1, 1).spec, template: labelled } };
  expect(currentSet(deployment(), [set('old', 1, 1), own])).toBe(own);
});

test('the status counts pods, says when the rollout is complete, and stays the same object when nothing changed', () => {
  const now = new Date('2025-01-15T10:42:18Z');
  const wanted = deployment();
  const status = deploymentStatus(wanted, { current: set('new', 3, 3), old: [] }, now);
  const times = { lastTransitionTime: '2025-01-15T10:42:18Z', lastUpdateTime: '2025-01-15T10:42:18Z' };
  expect(status).toEqual({
    observedGeneration: 2,
    replicas: 3,
    updatedReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    conditions: [
      {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
        ...times,
      },
      {
        type: 'Progressing',
        status: 'True',
        reason: 'NewReplicaSetAvailable',
        message: 'ReplicaSet "new" has successfully progressed.',
        ...times,
      },
    ],
  });
  const later = { ...wanted, status };
  const again = deploymentStatus(
    later,
    { current: set('new', 3, 3), old: [] },
    new Date('2025-01-15T11:00:00Z'),
  );
  expect(again).toBe(status);
});

test('a rollout that does not move misses its deadline', () => {
  const begun = new Date('2025-01-15T10:00:00Z');
  const stuck = { current: set('new', 1, 0), old: [set('old', 3, 3)] };
  const status = deploymentStatus(deployment(), stuck, begun);
  const late = new Date('2025-01-15T10:10:01Z');
  const conditions = deploymentStatus({ ...deployment(), status }, stuck, late).conditions;
  expect(conditions?.find(({ type }) => type === 'Progressing')).toMatchObject({
    status: 'False',
    reason: 'ProgressDeadlineExceeded',
  });
});
