import { expect, it } from 'vitest';
import type { Server } from '../contract.ts';
import { configMap, deployment, inNamespace, role, roleBinding } from './samples.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const merge = { type: 'application/merge-patch+json' };

/** What is refused, and in which words. */
export function validationContract(server: Server): void {
  it('a bad name is a 422 with its cause', async () => {
    await inNamespace(server, async (client, at) => {
      const refused = await client.ask('POST', `/api/v1${at}/configmaps`, configMap('A_b', {}));
      expect(refused.body).toMatchObject({
        code: 422,
        reason: 'Invalid',
        details: {
          name: 'A_b',
          kind: 'ConfigMap',
          causes: [{ reason: 'FieldValueInvalid', field: 'metadata.name' }],
        },
      });
      expect(refused.body.message).toContain(
        'ConfigMap "A_b" is invalid: metadata.name: Invalid value: "A_b": a',
      );
      const nameless = await client.ask('POST', `/api/v1${at}/configmaps`, {
        ...configMap('', {}),
        metadata: {},
      });
      expect(nameless.body.details?.causes).toEqual([
        {
          reason: 'FieldValueRequired',
          message: 'Required value: name or generateName is required',
          field: 'metadata.name',
        },
      ]);
      const generated = await client.ask('POST', `/api/v1${at}/configmaps`, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { generateName: 'x-' },
      });
      expect(generated.body.metadata?.name).toMatch(/^x-[a-z0-9]{5}$/);
    });
  });

  it('a Deployment without a fitting selector is refused', async () => {
    await inNamespace(server, async (client, at) => {
      const path = `/apis/apps/v1${at}/deployments`;
      const other = deployment('web');
      other.spec.selector.matchLabels = { app: 'other' };
      const refused = await client.ask('POST', path, other);
      expect(refused.body).toMatchObject({
        code: 422,
        details: { name: 'web', group: 'apps', kind: 'Deployment' },
      });
      expect(refused.body.details?.causes?.[0]).toMatchObject({
        field: 'spec.template.metadata.labels',
        reason: 'FieldValueInvalid',
      });
      await client.ask('POST', path, deployment('web'));
      const changed = await client.ask(
        'PATCH',
        `${path}/web`,
        {
          spec: {
            selector: { matchLabels: { more: 'b' } },
            template: { metadata: { labels: { more: 'b' } } },
          },
        },
        merge,
      );
      expect(changed.body.message).toMatch(/spec\.selector: Invalid value: .*: field is immutable/);
      const negative = await client.ask('PATCH', `${path}/web`, { spec: { replicas: -1 } }, merge);
      expect(negative.body.details?.causes).toEqual([
        {
          reason: 'FieldValueInvalid',
          message: 'Invalid value: -1: must be greater than or equal to 0',
          field: 'spec.replicas',
        },
      ]);
      const text = await client.ask('PATCH', `${path}/web`, { spec: { replicas: 'two' } }, merge);
      expect(text.code).toBe(422);
    });
  });

  it('a pod that mounts what it has not is refused', async () => {
    await inNamespace(server, async (client, at) => {
      const mounting = deployment('web', { volumeMounts: [{ name: 'none', mountPath: '/x' }], image: '' });
      const refused = await client.ask('POST', `/apis/apps/v1${at}/deployments`, mounting);
      expect(refused.body.details?.causes).toEqual([
        {
          reason: 'FieldValueRequired',
          message: 'Required value',
          field: 'spec.template.spec.containers[0].image',
        },
        {
          reason: 'FieldValueNotFound',
          message: 'Not found: "none"',
          field: 'spec.template.spec.containers[0].volumeMounts[0].name',
        },
      ]);
    });
  });

  it('a roleRef does not change', async () => {
    await inNamespace(server, async (client, at) => {
      const path = `${rbac}${at}/rolebindings`;
      await client.ask('POST', path, roleBinding('b', 'r', 'x'));
      const refused = await client.ask('PATCH', `${path}/b`, { roleRef: { name: 'other' } }, merge);
      expect(refused.body.code).toBe(422);
      expect(refused.body.message).toMatch(
        /^RoleBinding\.rbac\.authorization\.k8s\.io "b" is invalid: roleRef: Invalid value: .*: cannot change roleRef$/,
      );
    });
  });

  it('a rule without verbs is refused', async () => {
    await inNamespace(server, async (client, at) => {
      const refused = await client.ask(
        'POST',
        `${rbac}${at}/roles`,
        role('r', [{ apiGroups: [''], resources: ['pods'] }]),
      );
      expect(refused.body.details?.causes).toMatchObject([
        { reason: 'FieldValueRequired', field: 'rules[0].verbs' },
      ]);
    });
  });

  it('what is immutable stays', async () => {
    await inNamespace(server, async (client, at) => {
      await client.ask('POST', `/api/v1${at}/configmaps`, { ...configMap('a', { x: '1' }), immutable: true });
      const refused = await client.ask('PATCH', `/api/v1${at}/configmaps/a`, { data: { x: '2' } }, merge);
      expect(refused.body.details?.causes).toEqual([
        {
          reason: 'FieldValueForbidden',
          message: 'Forbidden: field is immutable when `immutable` is set',
          field: 'data',
        },
      ]);
    });
  });

  it('stringData of a Secret becomes data', async () => {
    await inNamespace(server, async (client, at) => {
      const made = await client.ask('POST', `/api/v1${at}/secrets`, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 's' },
        stringData: { a: 'b' },
      });
      expect([made.body.data, made.body.stringData, made.body.type]).toEqual([
        { a: 'Yg==' },
        undefined,
        'Opaque',
      ]);
      const retyped = await client.ask('PATCH', `/api/v1${at}/secrets/s`, { type: 'other' }, merge);
      expect(retyped.body.message).toBe(
        'Secret "s" is invalid: type: Invalid value: "other": field is immutable',
      );
      const plain = await client.ask('PATCH', `/api/v1${at}/secrets/s`, { data: { a: '%%' } }, merge);
      expect(plain.code).toBe(422);
    });
  });

  it('a body that is no object is a 400', async () => {
    await inNamespace(server, async (client, at) => {
      const codes = [];
      for (const body of ['', '{', '[]', '"x"'])
        codes.push((await client.ask('POST', `/api/v1${at}/configmaps`, body)).code);
      expect(codes).toEqual([400, 400, 400, 400]);
      const wrong = await client.ask('POST', `/api/v1${at}/configmaps`, {
        ...configMap('a', {}),
        kind: 'Secret',
      });
      expect(wrong.code).toBe(400);
      const labels = await client.ask('POST', `/api/v1${at}/configmaps`, {
        ...configMap('a', {}),
        metadata: { name: 'a', labels: { x: 1 } },
      });
      expect([labels.code, labels.body.reason]).toEqual([400, 'BadRequest']);
      const elsewhere = await client.ask('POST', `/api/v1${at}/configmaps`, {
        ...configMap('a', {}),
        metadata: { name: 'a', namespace: 'default' },
      });
      expect(elsewhere.body).toMatchObject({
        code: 400,
        message: 'the namespace of the provided object does not match the namespace sent on the request',
      });
    });
  });
}
