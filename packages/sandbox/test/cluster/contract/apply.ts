import { expect, it } from 'vitest';
import { type Client, type Json, known } from '../client.ts';
import type { Server } from '../contract.ts';
import { configMap, deployment, inNamespace } from './samples.ts';

const type = 'application/apply-patch+yaml';

function apply(client: Client, path: string, config: object, query = 'fieldManager=one') {
  return client.ask('PATCH', `${path}?${query}`, config, { type });
}

/** Server-side apply: who owns what. */
export function applyContract(server: Server): void {
  it('an apply creates, then changes, and owns what it names', async () => {
    await inNamespace(server, async (client, at) => {
      const path = `/api/v1${at}/configmaps/a`;
      const made = await apply(client, path, configMap('a', { x: '1', y: '2' }));
      expect(made.code).toBe(201);
      expect(managers(made.body)).toEqual([
        {
          manager: 'one',
          operation: 'Apply',
          apiVersion: 'v1',
          fieldsV1: { 'f:data': { 'f:x': {}, 'f:y': {} } },
        },
      ]);
      const again = await apply(client, path, configMap('a', { x: '1', y: '2' }));
      expect([again.code, again.body.metadata?.resourceVersion]).toEqual([
        200,
        made.body.metadata?.resourceVersion,
      ]);
      const fewer = await apply(client, path, configMap('a', { x: '3' }));
      expect(fewer.body.data).toEqual({ x: '3' });
    });
  });

  it('what another manager owns is a conflict, unless forced', async () => {
    await inNamespace(server, async (client, at) => {
      const path = `/apis/apps/v1${at}/deployments/web`;
      const replicas = (count: number, image = 'example/main:1') => {
        const config = deployment('web', { image });
        return { ...config, spec: { ...config.spec, replicas: count } };
      };
      await apply(client, path, replicas(1));
      const refused = await apply(client, path, replicas(2), 'fieldManager=two');
      expect(refused.body).toEqual({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'Apply failed with 1 conflict: conflict with "one": .spec.replicas',
        reason: 'Conflict',
        details: {
          causes: [
            { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.spec.replicas' },
          ],
        },
        code: 409,
      });
      const both = await apply(client, path, replicas(2, 'example/main:2'), 'fieldManager=two');
      expect(both.body.message).toBe(
        'Apply failed with 2 conflicts: conflicts with "one":\n- .spec.replicas\n- .spec.template.spec.containers[name="main"].image',
      );
      const forced = await apply(client, path, replicas(2), 'fieldManager=two&force=true');
      expect([forced.code, forced.body.spec?.replicas]).toEqual([200, 2]);
      const first = managers(forced.body).find((one) => one.manager === 'one');
      expect(known<{ 'f:spec': object }>(first?.fieldsV1)['f:spec']).not.toHaveProperty('f:replicas');
    });
  });

  it('a field that was updated belongs to its updater', async () => {
    await inNamespace(server, async (client, at) => {
      const path = `/api/v1${at}/configmaps/a`;
      await client.ask('POST', `/api/v1${at}/configmaps?fieldManager=maker`, configMap('a', { x: '1' }));
      await client.ask(
        'PATCH',
        `${path}?fieldManager=editor`,
        { data: { y: '1' } },
        { type: 'application/merge-patch+json' },
      );
      const refused = await apply(client, path, configMap('a', { y: '2' }));
      expect(refused.body.details?.causes).toEqual([
        { reason: 'FieldManagerConflict', message: 'conflict with "editor" using v1', field: '.data.y' },
      ]);
      const shared = await apply(client, path, configMap('a', { y: '1' }));
      expect(managers(shared.body).map(({ manager, fieldsV1 }) => [manager, fieldsV1])).toEqual(
        [
          ['one', { 'f:data': { 'f:y': {} } }],
          ['editor', { 'f:data': { 'f:y': {} } }],
          ['maker', { 'f:data': { '.': {}, 'f:x': {} } }],
        ].sort((a, b) => order(shared.body, a[0] as string) - order(shared.body, b[0] as string)),
      );
    });
  });

  it('a container that only one manager names goes with it', async () => {
    await inNamespace(server, async (client, at) => {
      const path = `/apis/apps/v1${at}/deployments/web`;
      const main = deployment('web');
      const side = deployment('web');
      side.spec.template.spec.containers = [{ name: 'side', image: 'example/side:1' }];
      await apply(client, path, main);
      const two = await apply(client, path, side, 'fieldManager=two');
      expect(containers(two.body)).toEqual(['main', 'side']);
      side.spec.template.spec.containers = [{ name: 'other', image: 'example/side:1' }];
      expect(containers((await apply(client, path, side, 'fieldManager=two')).body)).toEqual([
        'main',
        'other',
      ]);
    });
  });

  it('an apply without a manager is refused', async () => {
    await inNamespace(server, async (client, at) => {
      const refused = await apply(client, `/api/v1${at}/configmaps/a`, configMap('a', {}), '');
      expect([refused.code, refused.body.message]).toEqual([
        422,
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      ]);
      const tried = await apply(
        client,
        `/api/v1${at}/configmaps/a`,
        configMap('a', { x: '1' }),
        'fieldManager=one&dryRun=All',
      );
      expect([tried.code, (await client.ask('GET', `/api/v1${at}/configmaps/a`)).code]).toEqual([201, 404]);
    });
  });
}

interface Entry {
  readonly manager: string;
  readonly fieldsV1: unknown;
}

function managers(object: Json): readonly Entry[] {
  const entries = object.metadata?.managedFields as unknown as (Entry & {
    time: string;
    fieldsType: string;
  })[];
  return entries.map(({ time: _time, fieldsType: _type, ...entry }) => entry);
}

function order(object: Json, manager: string): number {
  return managers(object).findIndex((one) => one.manager === manager);
}

function containers(object: Json): readonly string[] {
  return known<{ name: string }[]>(object.spec?.template?.spec?.containers)
    .map((one) => one.name)
    .sort();
}
