import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Client } from '../client.ts';
import type { Server } from '../contract.ts';
import { inNamespace } from './samples.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** CustomResourceDefinitions and the objects of what they define. */
export function customResourceContract(server: Server): void {
  it('objects are validated, pruned and defaulted by their schema', async () => {
    await withDefinition(server, async (client, group, path) => {
      const made = await client.ask('POST', path, gadget(group, 'a', { size: 1, extra: true }));
      expect([made.code, made.body.spec, made.body.status, made.body.metadata?.generation]).toEqual([
        201,
        { size: 1, mode: 'slow' },
        undefined,
        1,
      ]);
      const refused = await client.ask(
        'POST',
        path,
        gadget(group, 'b', { size: 'big', mode: 'none', code: 'X' }),
      );
      expect([refused.code, refused.body.reason]).toEqual([422, 'Invalid']);
      const causes = refused.body.details?.causes as unknown as { field: string }[];
      expect(causes.map((cause) => cause.field).sort()).toEqual(['spec.code', 'spec.mode', 'spec.size']);
      const missing = await client.ask('POST', path, gadget(group, 'b', {}));
      expect(missing.body.details?.causes).toEqual([
        { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.size' },
      ]);
    });
  });

  it('status is a subresource, and a write needs a revision', async () => {
    await withDefinition(server, async (client, group, path) => {
      const made = await client.ask('POST', path, gadget(group, 'a', { size: 1 }));
      const status = await client.ask('PUT', `${path}/a/status`, {
        ...made.body,
        spec: { size: 9 },
        status: { state: 'ok' },
      });
      expect([status.body.spec?.size, status.body.status, status.body.metadata?.generation]).toEqual([
        1,
        { state: 'ok' },
        1,
      ]);
      const { resourceVersion: _none, ...metadata } = status.body.metadata as unknown as Record<
        string,
        unknown
      >;
      const refused = await client.ask('PUT', `${path}/a`, { ...status.body, metadata });
      expect(refused.body.details?.causes).toEqual([
        {
          reason: 'FieldValueInvalid',
          message: 'Invalid value: 0x0: must be specified for an update',
          field: 'metadata.resourceVersion',
        },
      ]);
      const resized = await client.ask(
        'PATCH',
        `${path}/a`,
        { spec: { size: 2 } },
        { type: 'application/merge-patch+json' },
      );
      expect([resized.body.metadata?.generation, resized.body.status]).toEqual([2, { state: 'ok' }]);
      const strategic = await client.ask(
        'PATCH',
        `${path}/a`,
        {},
        { type: 'application/strategic-merge-patch+json' },
      );
      expect(strategic.code).toBe(415);
    });
  });

  it('lists with keys have an owner for each item', async () => {
    await withDefinition(server, async (client, group, path) => {
      const type = 'application/apply-patch+yaml';
      const parts = (...names: string[]) =>
        gadget(group, 'a', { size: 1, parts: names.map((name) => ({ name })) });
      await client.ask('PATCH', `${path}/a?fieldManager=one`, parts('x'), { type });
      await client.ask('PATCH', `${path}/a?fieldManager=two`, parts('y'), { type });
      const both = await client.ask('GET', `${path}/a`);
      expect(both.body.spec?.parts).toEqual([{ name: 'x' }, { name: 'y' }]);
      const one = await client.ask('PATCH', `${path}/a?fieldManager=one`, gadget(group, 'a', { size: 1 }), {
        type,
      });
      expect(one.body.spec?.parts).toEqual([{ name: 'y' }]);
    });
  });
}

function gadget(group: string, name: string, spec: object) {
  return { apiVersion: `${group}/v1`, kind: 'Gadget', metadata: { name }, spec };
}

async function withDefinition(
  server: Server,
  run: (client: Client, group: string, path: string) => Promise<void>,
): Promise<void> {
  const { client } = server;
  const group = `contract-${randomBytes(3).toString('hex')}.example`;
  const name = `gadgets.${group}`;
  const made = await client.ask('POST', definitions, definition(name, group));
  expect(made.code).toBe(201);
  try {
    await client.until(`/apis/${group}/v1/gadgets`, (reply) => reply.code === 200);
    await inNamespace(server, (_client, at) => run(client, group, `/apis/${group}/v1${at}/gadgets`));
  } finally {
    await client.ask('DELETE', `${definitions}/${name}`);
  }
}

function definition(name: string, group: string) {
  const part = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } };
  const spec = {
    type: 'object',
    required: ['size'],
    properties: {
      size: { type: 'integer', minimum: 1 },
      mode: { type: 'string', enum: ['slow', 'fast'], default: 'slow' },
      code: { type: 'string', pattern: '^[a-z]+$' },
      parts: {
        type: 'array',
        items: part,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      },
    },
  };
  const status = { type: 'object', properties: { state: { type: 'string' } } };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec, status } } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'gadgets', kind: 'Gadget' },
      versions: [{ name: 'v1', served: true, storage: true, schema, subresources: { status: {} } }],
    },
  };
}
