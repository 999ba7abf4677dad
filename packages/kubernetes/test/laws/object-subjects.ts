import { type ClusterObject, type Connection, type JsonObject, refOf } from '@claw-run/core';
import type { Subject } from '@claw-run/testing';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { apply, customResource, identitiesUnique, object } from '../../src/index.ts';
import { configMap, home, object as made, pool, secret } from './given.ts';

const use = {
  definition: customResource,
  with: { 'api-version': 'example.org/v1', kind: 'Pool', name: 'pool', namespace: home },
};
const manifest = (...objects: readonly ClusterObject[]) => objects.map((one) => stringify(one)).join('---\n');
const spec = fc.record(
  {
    size: fc.constantFrom(1, 2),
    tags: fc.constantFrom([], ['a']),
    limits: fc.constantFrom({ cpu: 1 }, { cpu: 2 }),
  },
  { requiredKeys: [] },
);

/** Makes another manager the only owner of the fields of an object. */
function managedBy(manager: string, object: ClusterObject, fieldsV1: JsonObject) {
  const { apiVersion } = object;
  const value = [{ manager, operation: 'Apply', apiVersion, fieldsType: 'FieldsV1', fieldsV1 }];
  const patch = [{ op: 'add', path: '/metadata/managedFields', value }] as const;
  return async (connection: Connection): Promise<void> => {
    if (connection.kind !== 'cluster') throw new Error('a cluster is needed');
    await connection.perform(
      { do: 'patch', ref: refOf(object), patch },
      { key: `given/${manager}`, signal: AbortSignal.timeout(30_000) },
    );
  };
}

export const objectSubjects: readonly Subject[] = [
  {
    ...use,
    title: 'another spec',
    with: { ...use.with, spec: { size: 3, limits: { cpu: 2 }, tags: null } },
    given: [pool('pool', { size: 1, tags: ['a'], owner: 'others' })],
    inputs: spec.map((it) => ({ ...use.with, spec: it })),
    givens: fc.option(spec, { nil: undefined }).map((it) => (it === undefined ? [] : [pool('pool', it)])),
  },
  { ...use, title: 'no such object', with: { ...use.with, spec: { size: 3 } } },
  {
    ...use,
    title: 'an object to be taken away',
    with: { ...use.with, state: 'absent' },
    given: [pool('pool', { size: 1, owner: 'others' })],
  },
  {
    definition: apply,
    title: 'two objects, one of them there with another value',
    with: {
      manifest: manifest(configMap('settings', { a: '1' }), configMap('more', { b: '2' })),
      force: true,
    },
    given: [configMap('settings', { a: '0', c: '3' })],
  },
  {
    definition: apply,
    title: 'fields taken over from another manager, who gets them back',
    with: { manifest: manifest(configMap('settings', { a: '1' })), force: true },
    given: [configMap('settings', { a: '0', b: '0' })],
    before: managedBy('helm', configMap('settings', { a: '0', b: '0' }), {
      'f:data': { 'f:a': {}, 'f:b': {} },
    }),
  },
  {
    definition: apply,
    title: 'a field beside one that another manager has, too',
    with: { manifest: manifest(configMap('settings', { a: '0', c: '1' })) },
    given: [configMap('settings', { a: '0' })],
    before: managedBy('helm', configMap('settings', { a: '0' }), { 'f:data': { 'f:a': {} } }),
  },
  {
    definition: apply,
    title: 'a Service and a Job, of which the server chooses a part',
    // the Service has another address each time, which is no part of what was planned
    crashes: false,
    with: {
      manifest: manifest(
        made(['v1', 'Service', 'dns'], {
          spec: {
            type: 'NodePort',
            selector: { app: 'dns' },
            ports: [{ name: 'dns', port: 53, protocol: 'TCP' }],
          },
        }),
        made(['batch/v1', 'Job', 'once'], {
          spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'c' }] } } },
        }),
      ),
    },
  },
  {
    definition: apply,
    title: 'another port of a Service that is there',
    with: {
      manifest: manifest(
        made(['v1', 'Service', 'dns'], {
          spec: { type: 'NodePort', ports: [{ name: 'more', port: 54, protocol: 'TCP', nodePort: 31054 }] },
        }),
      ),
    },
    given: [
      made(['v1', 'Service', 'dns'], {
        spec: {
          type: 'NodePort',
          selector: { app: 'dns' },
          ports: [{ name: 'dns', port: 53, protocol: 'TCP' }],
        },
      }),
    ],
  },
  {
    definition: apply,
    title: 'quantities that are stored in another form',
    with: {
      manifest: manifest(
        made(['apps/v1', 'Deployment', 'mem'], {
          spec: {
            replicas: 0,
            selector: { matchLabels: { app: 'mem' } },
            template: {
              metadata: { labels: { app: 'mem' } },
              spec: {
                containers: [
                  { name: 'c', image: 'c', resources: { requests: { memory: '1024Mi', cpu: '1000m' } } },
                ],
              },
            },
          },
        }),
      ),
    },
  },
  {
    definition: apply,
    title: 'a field that others manage',
    with: { manifest: manifest(configMap('settings', { a: '1' })) },
    given: [configMap('settings', { a: '1' })],
    plans: 'settled',
  },
  {
    definition: object,
    title: 'a Secret, which stays opaque',
    with: { 'api-version': 'v1', kind: 'Secret', name: 'db', namespace: home },
    given: [secret('db', { password: 'hidden' })],
  },
  {
    definition: identitiesUnique,
    title: 'two of the same identity',
    with: { 'api-version': 'example.org/v1', kind: 'Pool', namespace: home, path: 'spec.identity' },
    given: [pool('one', { identity: 'x' }), pool('two', { identity: 'x' })],
    finds: 'fail',
  },
];
