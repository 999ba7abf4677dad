import { ClawError, type ClusterObject, type Connection } from '@claw-run/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calm } from './calm.ts';

/** Connections to one API server, each as somebody else. */
export interface ClusterAccess {
  readonly admin: () => Promise<Connection<'cluster'>>;
  /** A user without rights. */
  readonly nobody: () => Promise<Connection<'cluster'>>;
  /** A token that the server does not know. */
  readonly stranger: () => Promise<Connection<'cluster'>>;
}

const namespace = 'default';
const ref = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', name, namespace });
const configMap = (
  name: string,
  data: Record<string, string>,
  labels?: Record<string, string>,
): ClusterObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, ...(labels === undefined ? {} : { labels }) },
  data,
});
const key = () => ({ key: 'run/step/0', ...calm() });

/** A kind whose plural no rule gives. */
const oddKind: ClusterObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'geese.contract.example' },
  spec: {
    group: 'contract.example',
    scope: 'Namespaced',
    names: { plural: 'geese', singular: 'goose', kind: 'Goose', listKind: 'GooseList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

/** What a connection to any API server gives and does. */
export function describeClusterContract(access: ClusterAccess): void {
  let cluster: Connection<'cluster'>;
  beforeAll(async () => {
    cluster = await access.admin();
  });
  afterAll(() => cluster?.close());
  const get = (name: string) => cluster.read({ read: 'get', ref: ref(name) }, calm());
  const create = (object: ClusterObject) => cluster.perform({ do: 'create', object }, key());
  const remove = (name: string) => cluster.perform({ do: 'delete', ref: ref(name) }, key());

  describe('reading', () => {
    it('an object that is not there, or whose kind is not, is null', async () => {
      expect(await get('none')).toBeNull();
      const unserved = { apiVersion: 'none.example/v1', kind: 'Nothing', name: 'x', namespace };
      expect(await cluster.read({ read: 'get', ref: unserved }, calm())).toBeNull();
      expect(
        await cluster.read({ read: 'list', apiVersion: 'none.example/v1', kind: 'Nothing' }, calm()),
      ).toEqual([]);
    });

    it('a list is whole, however many pages it has, and each item says its kind', async () => {
      const labels = { contract: 'paging' };
      const names = Array.from({ length: 501 }, (_, index) => `page-${String(index).padStart(3, '0')}`);
      await Promise.all(names.map((name) => create(configMap(name, {}, labels))));
      const list = {
        read: 'list',
        apiVersion: 'v1',
        kind: 'ConfigMap',
        namespace,
        labels: 'contract=paging',
      } as const;
      const items = (await cluster.read(list, calm())) as readonly ClusterObject[];
      expect(items.map((item) => item.metadata.name)).toEqual(names);
      expect(items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
      const fields = { ...list, fields: 'metadata.name=page-007' };
      expect(await cluster.read(fields, calm())).toHaveLength(1);
      await Promise.all(names.map(remove));
    });

    it('a kind whose plural cannot be guessed is asked for', async () => {
      await create(oddKind);
      const goose = { apiVersion: 'contract.example/v1', kind: 'Goose', name: 'one', namespace };
      const deadline = performance.now() + 20_000;
      for (;;) {
        const made = await cluster
          .perform(
            {
              do: 'create',
              object: {
                apiVersion: goose.apiVersion,
                kind: goose.kind,
                metadata: { name: 'one', namespace },
              },
            },
            key(),
          )
          .catch((error: unknown) => {
            if (error instanceof ClawError && error.code === 'not-found' && performance.now() < deadline)
              return undefined;
            throw error;
          });
        if (made !== undefined) break;
      }
      expect(await cluster.read({ read: 'get', ref: goose }, calm())).toMatchObject({ kind: 'Goose' });
      await cluster.perform(
        {
          do: 'delete',
          ref: { apiVersion: oddKind.apiVersion, kind: oddKind.kind, name: oddKind.metadata.name },
        },
        key(),
      );
    });

    it('a review is answered', async () => {
      const review = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { verb: 'get', resource: 'pods' } },
      };
      expect(await cluster.read({ read: 'review', review }, calm())).toMatchObject({
        status: { allowed: true },
      });
    });

    it('a dry run tells what would come of a write, and why it is refused, and stores nothing', async () => {
      const tried = {
        read: 'dry-run',
        action: { do: 'create', object: configMap('tried', { a: '1' }) },
      } as const;
      expect(await cluster.read(tried, calm())).toMatchObject({ ok: true, object: { data: { a: '1' } } });
      expect(await get('tried')).toBeNull();
      const object = { ...configMap('tried', {}), data: { 'no/key': 'x' } };
      expect(await cluster.read({ read: 'dry-run', action: { do: 'create', object } }, calm())).toMatchObject(
        {
          ok: false,
          status: 422,
          reason: 'Invalid',
        },
      );
    });

    it('the log of a pod that is not there is null', async () => {
      expect(await cluster.read({ read: 'logs', namespace, pod: 'none' }, calm())).toBeNull();
    });

    it('a read that is told to stop stops, with the reason given', async () => {
      const reason = new ClawError('cancelled', 'enough');
      await expect(
        cluster.read({ read: 'get', ref: ref('x') }, { signal: AbortSignal.abort(reason) }),
      ).rejects.toBe(reason);
    });
  });

  describe('acting', () => {
    it('creates, patches, applies and deletes; what is gone counts as deleted', async () => {
      await create(configMap('acted', { a: '1' }));
      await cluster.perform(
        {
          do: 'patch',
          ref: ref('acted'),
          patch: [
            { op: 'test', path: '/data/a', value: '1' },
            { op: 'replace', path: '/data/a', value: '2' },
          ],
        },
        key(),
      );
      await cluster.perform({ do: 'apply', object: configMap('acted', { b: '3' }), force: true }, key());
      expect(await get('acted')).toMatchObject({ data: { a: '2', b: '3' } });
      await remove('acted');
      await remove('acted');
      expect(await get('acted')).toBeNull();
    });

    it('a patch of what has changed meanwhile is a conflict, and changes nothing', async () => {
      await create(configMap('moved', { a: 'since' }));
      const patch = [
        { op: 'test', path: '/data/a', value: 'then' },
        { op: 'replace', path: '/data/a', value: 'now' },
      ] as const;
      await expect(cluster.perform({ do: 'patch', ref: ref('moved'), patch }, key())).rejects.toMatchObject({
        code: 'conflict',
        message: 'cannot patch ConfigMap default/moved: it is no longer as it was observed',
      });
      expect(await get('moved')).toMatchObject({ data: { a: 'since' } });
      await remove('moved');
    });

    it('what exists cannot be created again', async () => {
      await create(configMap('twice', {}));
      await expect(create(configMap('twice', {}))).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining('already exists'),
      });
      await remove('twice');
    });

    it('what the server does not take is told in its own words', async () => {
      await expect(create({ ...configMap('invalid', {}), data: { 'no/key': 'x' } })).rejects.toMatchObject({
        code: 'action-failed',
        message: expect.stringMatching(/^cannot create ConfigMap default\/invalid: .*no\/key/),
        retryable: false,
      });
    });

    it('what is not there cannot be patched', async () => {
      await expect(
        cluster.perform(
          { do: 'patch', ref: ref('none'), patch: [{ op: 'add', path: '/data', value: {} }] },
          key(),
        ),
      ).rejects.toMatchObject({ code: 'not-found' });
    });

    it('a token is issued into a Secret and told to nobody', async () => {
      const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'issued', namespace } };
      const secret = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'issued', namespace },
        type: 'Opaque',
      };
      await create(account);
      await create(secret);
      const result = await cluster.perform(
        {
          do: 'issue-token',
          account: { namespace, name: 'issued' },
          audiences: [],
          expirationSeconds: 3600,
          into: { namespace, secret: 'issued', key: 'token' },
        },
        key(),
      );
      expect(result).toEqual({ expires: expect.stringMatching(/^\d{4}-/) });
      const stored = (await cluster.read(
        { read: 'get', ref: { ...ref('issued'), kind: 'Secret' } },
        calm(),
      )) as ClusterObject & {
        data: { token: string };
      };
      expect(Buffer.from(stored.data.token, 'base64').toString().split('.')).toHaveLength(3);
    });
  });

  describe('who is not allowed', () => {
    it('is told what he may not do, in the words of the server', async () => {
      const nobody = await access.nobody();
      await expect(nobody.read({ read: 'get', ref: ref('x') }, calm())).rejects.toMatchObject({
        code: 'forbidden',
        message: expect.stringMatching(
          /^cannot read ConfigMap default\/x: .*cannot get resource "configmaps"/,
        ),
      });
      await expect(
        nobody.read({ read: 'dry-run', action: { do: 'create', object: configMap('x', {}) } }, calm()),
      ).rejects.toMatchObject({ code: 'forbidden' });
      await expect(nobody.perform({ do: 'delete', ref: ref('x') }, key())).rejects.toMatchObject({
        code: 'forbidden',
      });
      await nobody.close();
    });

    it('is told so when the server does not know him', async () => {
      const stranger = await access.stranger();
      await expect(stranger.read({ read: 'get', ref: ref('x') }, calm())).rejects.toMatchObject({
        code: 'forbidden',
        message: 'cannot read ConfigMap default/x: the API server does not accept the credentials',
      });
      await stranger.close();
    });
  });
}
