import { expect, it } from 'vitest';
import { known } from '../client.ts';
import type { Server } from '../contract.ts';
import { configMap, createPod, deployment, inNamespace, stampFree } from './samples.ts';

/** Reading and writing plain objects: metadata, revisions, lists. */
export function objectContract(server: Server): void {
  it('a created object gets its system fields', async () => {
    await inNamespace(server, async (client, at) => {
      const made = await client.ask('POST', `/api/v1${at}/configmaps`, configMap('a', { x: '1' }));
      expect(made.code).toBe(201);
      expect(made.body.metadata).toMatchObject({
        name: 'a',
        namespace: at.split('/')[2],
        uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
        resourceVersion: expect.stringMatching(/^\d+$/),
        creationTimestamp: expect.stringMatching(/Z$/),
      });
      expect(made.body.metadata?.generation).toBeUndefined();
      const again = await client.ask('POST', `/api/v1${at}/configmaps`, configMap('a', {}));
      expect(again.body).toEqual({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'configmaps "a" already exists',
        reason: 'AlreadyExists',
        details: { name: 'a', kind: 'configmaps' },
        code: 409,
      });
    });
  });

  it('an object that is not there is a 404 that names it', async () => {
    await inNamespace(server, async (client, at) => {
      const missing = await client.ask('GET', `/apis/apps/v1${at}/deployments/web`);
      expect(missing.body).toEqual({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'deployments.apps "web" not found',
        reason: 'NotFound',
        details: { name: 'web', group: 'apps', kind: 'deployments' },
        code: 404,
      });
      const nowhere = await client.ask('POST', '/api/v1/namespaces/no-such/configmaps', configMap('a', {}));
      expect(nowhere.body).toMatchObject({ code: 404, message: 'namespaces "no-such" not found' });
      expect((await client.ask('GET', '/apis/none.example/v1/things')).code).toBe(404);
    });
  });

  it('a write with a stale revision is refused', async () => {
    await inNamespace(server, async (client, at) => {
      const path = `/api/v1${at}/configmaps/a`;
      const first = await client.ask('POST', `/api/v1${at}/configmaps`, configMap('a', { x: '1' }));
      const changed = await client.ask('PUT', path, { ...first.body, data: { x: '2' } });
      expect(changed.code).toBe(200);
      const stale = await client.ask('PUT', path, { ...first.body, data: { x: '3' } });
      expect(stale.body).toMatchObject({
        code: 409,
        reason: 'Conflict',
        details: { name: 'a', kind: 'configmaps' },
        message:
          'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
      });
      const unchanged = await client.ask('PUT', path, changed.body);
      expect(unchanged.body.metadata?.resourceVersion).toBe(changed.body.metadata?.resourceVersion);
    });
  });

  it('a dry run stores nothing', async () => {
    await inNamespace(server, async (client, at) => {
      const tried = await client.ask('POST', `/api/v1${at}/configmaps?dryRun=All`, configMap('a', {}));
      expect([tried.code, (await client.ask('GET', `/api/v1${at}/configmaps/a`)).code]).toEqual([201, 404]);
      await client.ask('POST', `/api/v1${at}/configmaps`, configMap('a', { x: '1' }));
      await client.ask(
        'PATCH',
        `/api/v1${at}/configmaps/a?dryRun=All`,
        { data: { x: '2' } },
        { type: 'application/merge-patch+json' },
      );
      await client.ask('DELETE', `/api/v1${at}/configmaps/a?dryRun=All`);
      expect((await client.ask('GET', `/api/v1${at}/configmaps/a`)).body.data).toEqual({ x: '1' });
    });
  });

  it('a Deployment gets the defaults, and a generation that follows its spec', async () => {
    await inNamespace(server, async (client, at) => {
      const made = await client.ask('POST', `/apis/apps/v1${at}/deployments`, deployment('web'));
      expect(stampFree(made.body.spec)).toMatchInlineSnapshot(`
        {
          "progressDeadlineSeconds": 600,
          "replicas": 1,
          "revisionHistoryLimit": 10,
          "selector": {
            "matchLabels": {
              "app": "web",
            },
          },
          "strategy": {
            "rollingUpdate": {
              "maxSurge": "25%",
              "maxUnavailable": "25%",
            },
            "type": "RollingUpdate",
          },
          "template": {
            "metadata": {
              "labels": {
                "app": "web",
              },
            },
            "spec": {
              "containers": [
                {
                  "image": "example/main:1",
                  "imagePullPolicy": "IfNotPresent",
                  "name": "main",
                  "resources": {},
                  "terminationMessagePath": "/dev/termination-log",
                  "terminationMessagePolicy": "File",
                },
              ],
              "dnsPolicy": "ClusterFirst",
              "restartPolicy": "Always",
              "schedulerName": "default-scheduler",
              "securityContext": {},
              "terminationGracePeriodSeconds": 30,
            },
          },
        }
      `);
      const path = `/apis/apps/v1${at}/deployments/web`;
      const merge = { type: 'application/merge-patch+json' };
      const labelled = await client.ask('PATCH', path, { metadata: { labels: { a: 'b' } } }, merge);
      const scaled = await client.ask('PATCH', path, { spec: { replicas: 2 } }, merge);
      expect([made, labelled, scaled].map((reply) => reply.body.metadata?.generation)).toEqual([1, 1, 2]);
    });
  });

  it('status is written through its subresource only', async () => {
    await inNamespace(server, async (client, at) => {
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'p' },
        spec: { containers: [{ name: 'c', image: 'i' }] },
        status: { phase: 'Running' },
      };
      const made = await createPod(client, at, pod);
      expect(made.body.status?.phase).toBe('Pending');
      const type = 'application/strategic-merge-patch+json';
      const patch = {
        spec: { activeDeadlineSeconds: 5 },
        status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
      };
      const patched = await client.ask('PATCH', `/api/v1${at}/pods/p/status`, patch, { type });
      expect([patched.body.status?.phase, patched.body.spec?.activeDeadlineSeconds]).toEqual([
        'Running',
        undefined,
      ]);
      const plain = await client.ask(
        'PATCH',
        `/api/v1${at}/pods/p`,
        { status: { phase: 'Failed' } },
        { type },
      );
      expect(plain.body.status?.phase).toBe('Running');
    });
  });

  it('lists are paged and selected', async () => {
    await inNamespace(server, async (client, at) => {
      for (const name of ['a', 'b', 'c'])
        await client.ask('POST', `/api/v1${at}/configmaps`, {
          ...configMap(name, {}),
          metadata: { name, labels: { app: name } },
        });
      const names = (reply: { body: { items?: unknown } }) =>
        (reply.body.items as { metadata: { name: string } }[])
          .map((one) => one.metadata.name)
          .filter((name) => name !== 'kube-root-ca.crt');
      const list = (query: string) => client.ask('GET', `/api/v1${at}/configmaps?${query}`);
      expect(names(await list('labelSelector=app%20in%20(a,b)'))).toEqual(['a', 'b']);
      expect(names(await list('labelSelector=app,app!=b'))).toEqual(['a', 'c']);
      expect(names(await list('fieldSelector=metadata.name%3Dc'))).toEqual(['c']);
      const first = await list('limit=1&labelSelector=app');
      const rest = await list(
        `limit=5&labelSelector=app&continue=${encodeURIComponent(known<string>(first.body.metadata?.continue))}`,
      );
      expect([names(first), names(rest)]).toEqual([['a'], ['b', 'c']]);
      expect((await list('fieldSelector=spec.none%3Dc')).body.message).toBe(
        '"spec.none" is not a known field selector: only "metadata.name", "metadata.namespace"',
      );
    });
  });

  it('a namespace gets its accounts', async () => {
    await inNamespace(server, async (client, at) => {
      await client.until(`/api/v1${at}/serviceaccounts/default`, (reply) => reply.code === 200);
      const trust = await client.until(
        `/api/v1${at}/configmaps/kube-root-ca.crt`,
        (reply) => reply.code === 200,
      );
      expect(trust.body.data?.['ca.crt']).toContain('BEGIN CERTIFICATE');
      const namespace = await client.ask('GET', `/api/v1${at}`.replace(/\/$/, ''));
      expect([namespace.body.spec, namespace.body.status]).toEqual([
        { finalizers: ['kubernetes'] },
        { phase: 'Active' },
      ]);
    });
  });

  it('a Deployment is scaled through its scale subresource', async () => {
    await inNamespace(server, async (client, at) => {
      await client.ask('POST', `/apis/apps/v1${at}/deployments`, deployment('web'));
      const path = `/apis/apps/v1${at}/deployments/web/scale`;
      const scale = await client.ask('GET', path);
      expect([scale.body.kind, scale.body.apiVersion, scale.body.spec, scale.body.status?.selector]).toEqual([
        'Scale',
        'autoscaling/v1',
        { replicas: 1 },
        'app=web',
      ]);
      const scaled = await client.ask('PUT', path, {
        ...scale.body,
        spec: { replicas: 3 },
        metadata: { ...scale.body.metadata, resourceVersion: undefined },
      });
      expect(scaled.body.spec).toEqual({ replicas: 3 });
    });
  });
}
