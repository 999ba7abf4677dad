import { expect, it } from 'vitest';
import type { Server } from '../contract.ts';
import { configMap, createPod, inNamespace } from './samples.ts';

/** Deleting: preconditions, finalizers, owners, namespaces. */
export function deletionContract(server: Server): void {
  it('a deletion answers a Status, and is held to its preconditions', async () => {
    await inNamespace(server, async (client, at) => {
      const path = `/api/v1${at}/configmaps/a`;
      const made = await client.ask('POST', `/api/v1${at}/configmaps`, configMap('a', {}));
      const uid = made.body.metadata?.uid;
      const other = await client.ask('DELETE', path, {
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        preconditions: { uid: 'other' },
      });
      expect(other.body).toMatchObject({
        code: 409,
        reason: 'Conflict',
        message: `Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (other) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
      });
      const stale = await client.ask('DELETE', path, { preconditions: { resourceVersion: '1' } });
      expect(stale.code).toBe(409);
      const gone = await client.ask('DELETE', path);
      expect(gone.body).toEqual({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
        details: { name: 'a', kind: 'configmaps', uid },
      });
      expect((await client.ask('DELETE', path)).code).toBe(404);
    });
  });

  it('a finalizer holds an object until it is taken away', async () => {
    await inNamespace(server, async (client, at) => {
      const path = `/api/v1${at}/configmaps/a`;
      await client.ask('POST', `/api/v1${at}/configmaps`, {
        ...configMap('a', {}),
        metadata: { name: 'a', finalizers: ['example.com/hold'] },
      });
      const marked = await client.ask('DELETE', path);
      expect(marked.body).toMatchObject({
        kind: 'ConfigMap',
        metadata: { deletionTimestamp: expect.any(String), deletionGracePeriodSeconds: 0 },
      });
      const merge = { type: 'application/merge-patch+json' };
      const more = await client.ask(
        'PATCH',
        path,
        { metadata: { finalizers: ['example.com/hold', 'example.com/new'] } },
        merge,
      );
      expect(more.body.code).toBe(422);
      await client.ask('PATCH', path, { metadata: { finalizers: null } }, merge);
      expect((await client.ask('GET', path)).code).toBe(404);
    });
  });

  it('what an object owned goes with it, or stays when orphaned', async () => {
    await inNamespace(server, async (client, at) => {
      const maps = `/api/v1${at}/configmaps`;
      const family = async (name: string) => {
        const owner = await client.ask('POST', maps, configMap(name, {}));
        const ownerReferences = [
          {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            name,
            uid: owner.body.metadata?.uid,
            blockOwnerDeletion: true,
          },
        ];
        await client.ask('POST', maps, {
          ...configMap(`${name}-child`, {}),
          metadata: { name: `${name}-child`, ownerReferences },
        });
      };
      await family('a');
      await client.ask('DELETE', `${maps}/a`, { propagationPolicy: 'Background' });
      await client.until(`${maps}/a-child`, (reply) => reply.code === 404);
      await family('b');
      await client.ask('DELETE', `${maps}/b`, { propagationPolicy: 'Orphan' });
      await client.until(`${maps}/b`, (reply) => reply.code === 404);
      const orphan = await client.ask('GET', `${maps}/b-child`);
      expect([orphan.code, orphan.body.metadata?.ownerReferences]).toEqual([200, undefined]);
      await family('c');
      const foreground = await client.ask('DELETE', `${maps}/c`, { propagationPolicy: 'Foreground' });
      expect(foreground.body.metadata?.finalizers).toEqual(['foregroundDeletion']);
      await client.until(`${maps}/c`, (reply) => reply.code === 404);
      expect((await client.ask('GET', `${maps}/c-child`)).code).toBe(404);
    });
  });

  it('a collection is deleted by selector', async () => {
    await inNamespace(server, async (client, at) => {
      for (const name of ['a', 'b'])
        await client.ask('POST', `/api/v1${at}/configmaps`, {
          ...configMap(name, {}),
          metadata: { name, labels: { name } },
        });
      const deleted = await client.ask('DELETE', `/api/v1${at}/configmaps?labelSelector=name%3Da`);
      expect(deleted.code).toBe(200);
      expect([
        (await client.ask('GET', `/api/v1${at}/configmaps/a`)).code,
        (await client.ask('GET', `/api/v1${at}/configmaps/b`)).code,
      ]).toEqual([404, 200]);
    });
  });

  it('a namespace goes with its content, and takes nothing new meanwhile', async () => {
    await inNamespace(server, async (client, at, name) => {
      const path = `/api/v1/namespaces/${name}`;
      await client.ask('POST', `/api/v1${at}/configmaps`, {
        ...configMap('held', {}),
        metadata: { name: 'held', finalizers: ['example.com/hold'] },
      });
      const going = await client.ask('DELETE', path);
      expect(going.body.status?.phase).toBe('Terminating');
      const refused = await client.ask('POST', `/api/v1${at}/configmaps`, configMap('new', {}));
      expect(refused.body).toMatchObject({
        code: 403,
        reason: 'Forbidden',
        message: `configmaps "new" is forbidden: unable to create new content in namespace ${name} because it is being terminated`,
        details: {
          name: 'new',
          kind: 'configmaps',
          causes: [
            {
              reason: 'NamespaceTerminating',
              message: `namespace ${name} is being terminated`,
              field: 'metadata.namespace',
            },
          ],
        },
      });
      await client.until(
        `/api/v1${at}/configmaps/held`,
        (reply) => reply.body.metadata?.deletionTimestamp !== undefined,
      );
      await client.ask(
        'PATCH',
        `/api/v1${at}/configmaps/held`,
        { metadata: { finalizers: null } },
        { type: 'application/merge-patch+json' },
      );
    });
  });

  it('a pod on a node waits for its kubelet', async () => {
    await inNamespace(server, async (client, at) => {
      const pod = (name: string, nodeName?: string) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name },
        spec: { nodeName, containers: [{ name: 'c', image: 'i' }] },
      });
      await createPod(client, at, pod('free'));
      await createPod(client, at, pod('bound', 'node-of-contract'));
      await client.ask('DELETE', `/api/v1${at}/pods/free`);
      expect((await client.ask('GET', `/api/v1${at}/pods/free`)).code).toBe(404);
      const waiting = await client.ask('DELETE', `/api/v1${at}/pods/bound`);
      expect(waiting.body.metadata).toMatchObject({
        deletionGracePeriodSeconds: 30,
        deletionTimestamp: expect.any(String),
      });
      await client.ask('DELETE', `/api/v1${at}/pods/bound`, { gracePeriodSeconds: 0 });
      expect((await client.ask('GET', `/api/v1${at}/pods/bound`)).code).toBe(404);
    });
  });
}
