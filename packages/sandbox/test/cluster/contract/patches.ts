import { expect, it } from 'vitest';
import { known } from '../client.ts';
import type { Server } from '../contract.ts';
import { configMap, deployment, inNamespace } from './samples.ts';

const json = { type: 'application/json-patch+json' };
const merge = { type: 'application/merge-patch+json' };
const strategic = { type: 'application/strategic-merge-patch+json' };

/** The three patch formats. */
export function patchContract(server: Server): void {
  it('a strategic merge patch merges containers, variables, volumes and mounts by their keys', async () => {
    await inNamespace(server, async (client, at) => {
      const path = `/apis/apps/v1${at}/deployments`;
      await client.ask(
        'POST',
        path,
        deployment('web', {
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
          ports: [{ containerPort: 80 }],
        }),
      );
      const container = {
        name: 'main',
        env: [
          { name: 'B', value: '3' },
          { name: 'C', value: '4' },
          { name: 'A', $patch: 'delete' },
        ],
        volumeMounts: [{ name: 'v', mountPath: '/v' }],
        ports: [{ containerPort: 443, name: 'tls' }],
      };
      const patch = {
        spec: {
          template: {
            spec: {
              containers: [container, { name: 'side', image: 'example/side:1' }],
              volumes: [{ name: 'v', configMap: { name: 'c' } }],
            },
          },
        },
      };
      const patched = await client.ask('PATCH', `${path}/web`, patch, strategic);
      const { containers, volumes } = known<{
        containers: { name: string; image: string; env: unknown; volumeMounts: unknown; ports: unknown }[];
        volumes: unknown;
      }>(patched.body.spec?.template?.spec);
      const byName = (one: string) => containers.find(({ name }) => name === one);
      expect(byName('main')?.image).toBe('example/main:1');
      expect(byName('main')?.env).toEqual(
        expect.arrayContaining([
          { name: 'B', value: '3' },
          { name: 'C', value: '4' },
        ]),
      );
      expect(known<unknown[]>(byName('main')?.env).length).toBe(2);
      expect(byName('main')?.volumeMounts).toEqual([{ name: 'v', mountPath: '/v' }]);
      expect(byName('main')?.ports).toEqual(
        expect.arrayContaining([
          { containerPort: 80, protocol: 'TCP' },
          { containerPort: 443, name: 'tls', protocol: 'TCP' },
        ]),
      );
      expect(byName('side')?.image).toBe('example/side:1');
      expect(volumes).toEqual([{ name: 'v', configMap: { name: 'c', defaultMode: 420 } }]);
      const switched = await client.ask(
        'PATCH',
        `${path}/web`,
        {
          spec: {
            template: { spec: { volumes: [{ name: 'v', $retainKeys: ['name', 'emptyDir'], emptyDir: {} }] } },
          },
        },
        strategic,
      );
      expect(switched.body.spec?.template?.spec?.volumes).toEqual([{ name: 'v', emptyDir: {} }]);
    });
  });

  it('a merge patch replaces lists and removes with null', async () => {
    await inNamespace(server, async (client, at) => {
      await client.ask('POST', `/api/v1${at}/configmaps`, configMap('a', { x: '1', y: '2' }));
      const patched = await client.ask(
        'PATCH',
        `/api/v1${at}/configmaps/a`,
        { data: { x: null, z: '3' } },
        merge,
      );
      expect(patched.body.data).toEqual({ y: '2', z: '3' });
    });
  });

  it('a JSON patch is done whole or not at all', async () => {
    await inNamespace(server, async (client, at) => {
      const path = `/api/v1${at}/configmaps/a`;
      await client.ask('POST', `/api/v1${at}/configmaps`, configMap('a', { x: '1' }));
      const done = await client.ask(
        'PATCH',
        path,
        [
          { op: 'test', path: '/data/x', value: '1' },
          { op: 'replace', path: '/data/x', value: '2' },
          { op: 'add', path: '/data/a~1b', value: 'c' },
        ],
        json,
      );
      expect([done.code, done.body.data]).toEqual([422, undefined]);
      const simple = await client.ask(
        'PATCH',
        path,
        [
          { op: 'test', path: '/data/x', value: '1' },
          { op: 'replace', path: '/data/x', value: '2' },
        ],
        json,
      );
      expect(simple.body.data).toEqual({ x: '2' });
      const failed = await client.ask(
        'PATCH',
        path,
        [
          { op: 'replace', path: '/data/x', value: '3' },
          { op: 'test', path: '/data/x', value: 'no' },
        ],
        json,
      );
      expect([failed.code, failed.body.reason]).toEqual([422, 'Invalid']);
      const missing = await client.ask('PATCH', path, [{ op: 'remove', path: '/data/none' }], json);
      expect(missing.code).toBe(422);
      expect((await client.ask('GET', path)).body.data).toEqual({ x: '2' });
    });
  });

  it('a patch with a revision is checked against it', async () => {
    await inNamespace(server, async (client, at) => {
      const path = `/api/v1${at}/configmaps/a`;
      await client.ask('POST', `/api/v1${at}/configmaps`, configMap('a', { x: '1' }));
      const stale = await client.ask(
        'PATCH',
        path,
        { metadata: { resourceVersion: '1' }, data: { x: '2' } },
        merge,
      );
      expect([stale.code, stale.body.reason]).toEqual([409, 'Conflict']);
    });
  });

  it('an unknown patch format is a 415', async () => {
    await inNamespace(server, async (client, at) => {
      await client.ask('POST', `/api/v1${at}/configmaps`, configMap('a', { x: '1' }));
      const refused = await client.ask(
        'PATCH',
        `/api/v1${at}/configmaps/a`,
        {},
        { type: 'application/json' },
      );
      expect([refused.code, refused.body.reason]).toEqual([415, 'UnsupportedMediaType']);
    });
  });
}
